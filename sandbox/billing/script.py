"""A fault script: the JSON file read into rules, refused with the field named when it is wrong."""

from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from sandbox.billing.faults import Action, Match, Operation, Rule, Script, possible_on

MAX_SECONDS = 120
"""The longest a rule may keep a caller waiting."""

_SUFFIX = validate.Length(min=1, max=64)
_POSITIVE = validate.Range(min=1)


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
    bytes = fields.Integer(strict=True, validate=validate.Range(min=0))

    @validates_schema
    def possible(self, data: dict[str, Any], **_: object) -> None:
        operation = data.get("on", Operation.SUBMIT)
        if operation not in possible_on(data["action"]):
            raise ValidationError(f"{data['action']} cannot happen on {operation}", "on")

    @post_load
    def made(self, data: dict[str, Any], **_: object) -> Rule:
        return Rule(**data)


class _ScriptSchema(Schema):
    seed = fields.Integer(strict=True)
    rules = fields.List(fields.Nested(_RuleSchema))
    rate = fields.Integer(strict=True, validate=_POSITIVE)
    mix = fields.Float(validate=validate.Range(min=0, max=1))
    seconds = fields.Float(validate=validate.Range(min=0, max=MAX_SECONDS))

    @validates_schema
    def says_something(self, data: dict[str, Any], **_: object) -> None:
        if not data.keys() & {"rules", "mix", "rate"}:
            raise ValidationError("rules, a mix or a rate is expected", "rules")
        if "seconds" in data and "mix" not in data:
            raise ValidationError("only a mix has seconds here", "seconds")

    @post_load
    def made(self, data: dict[str, Any], **_: object) -> Script:
        share, seconds = data.pop("mix", None), data.pop("seconds", 1.0)
        rules = list(data.pop("rules", []))
        if share is not None:
            match = Match(probability=share)
            rules += [Rule(Action.MIX, on, match, seconds) for on in Operation]
        return Script(rules, **data)


def read_script(path: Path) -> Script:
    """The rules of a fault script. Raises ScriptUnreadable, and OSError where there is no file."""
    try:
        script: Script = _ScriptSchema().loads(path.read_text("utf-8"))
    except ValidationError as error:
        raise ScriptUnreadable(f"{path}: {error.messages}") from error
    except ValueError as error:
        raise ScriptUnreadable(f"{path}: not JSON in UTF-8") from error
    return script
