"""A fault script: the JSON file read into rules, refused with the field named when it is wrong."""

from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from sandbox.billing.faults import Action, Match, Operation, Rule, Script

MAX_SECONDS = 120
"""The longest a rule may keep a caller waiting."""

_SUFFIX = validate.Length(min=1, max=64)
_POSITIVE = validate.Range(min=1)
_ONLY_ON = {
    Action.FAIL: {Operation.SUBMIT},
    Action.HALF_BATCH: {Operation.SUBMIT},
    Action.WRONG_AMOUNT: {Operation.SUBMIT, Operation.QUERY},
}


class ScriptUnreadable(Exception):
    """The file is not a fault script: which field, and why."""


class _MatchSchema(Schema):
    nth = fields.Integer(strict=True, validate=_POSITIVE)
    every = fields.Integer(strict=True, validate=_POSITIVE)
    key_suffix = fields.String(validate=_SUFFIX)
    phone_suffix = fields.String(validate=_SUFFIX)
    probability = fields.Float(validate=validate.Range(min=0, max=1))

    @post_load
    def made(self, data: dict[str, Any], **_: object) -> Match:
        return Match(**data)


class _RuleSchema(Schema):
    action = fields.Enum(Action, by_value=True, required=True)
    on = fields.Enum(Operation, by_value=True)
    match = fields.Nested(_MatchSchema)
    seconds = fields.Float(validate=validate.Range(min=0, max=MAX_SECONDS))
    reason = fields.String(validate=validate.Regexp(r"[a-z0-9_]{1,64}\Z"))

    @validates_schema
    def possible(self, data: dict[str, Any], **_: object) -> None:
        operation = data.get("on", Operation.SUBMIT)
        if operation not in _ONLY_ON.get(data["action"], set(Operation)):
            raise ValidationError(f"{data['action']} cannot happen on {operation}", "on")

    @post_load
    def made(self, data: dict[str, Any], **_: object) -> Rule:
        return Rule(**data)


class _ScriptSchema(Schema):
    seed = fields.Integer(strict=True)
    rules = fields.List(fields.Nested(_RuleSchema), required=True)

    @post_load
    def made(self, data: dict[str, Any], **_: object) -> Script:
        return Script(**data)


def read_script(path: Path) -> Script:
    """The rules of a fault script. Raises ScriptUnreadable, and OSError where there is no file."""
    try:
        script: Script = _ScriptSchema().loads(path.read_text("utf-8"))
    except ValidationError as error:
        raise ScriptUnreadable(f"{path}: {error.messages}") from error
    except ValueError as error:
        raise ScriptUnreadable(f"{path}: not JSON in UTF-8") from error
    return script
