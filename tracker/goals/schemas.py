"""How goals look to a member."""

from marshmallow import Schema, fields, validate

from tracker.goals.rules import MOST_GOALS, GoalState
from tracker.kit.fields import Moment, Rubles

_TARGET = Rubles(
    validate=validate.Range(min=1, max=10**10), metadata={"description": "What is to be saved"}
)
_NAME = fields.String(
    validate=validate.Length(1, 60), metadata={"description": "The member's own word for it"}
)


class NewGoalSchema(Schema):
    """A goal to be."""

    name = fields.String(required=True, validate=_NAME.validate, metadata=_NAME.metadata)
    target = Rubles(required=True, validate=_TARGET.validate, metadata=dict(_TARGET.metadata))


class GoalChangeSchema(Schema):
    """What is to be different; what is not named stays."""

    name = _NAME
    target = _TARGET
    paused = fields.Boolean(
        truthy={True}, falsy={False}, metadata={"description": "Whether it gets nothing more"}
    )


class OrderSchema(Schema):
    """All goals, the one that is to be filled first in front."""

    ids = fields.List(
        fields.Integer(strict=True, validate=validate.Range(min=1, max=2**63 - 1)),
        required=True,
        # More than may be begun: what was spent on something undone stands again.
        validate=validate.Length(max=50 * MOST_GOALS),
    )


class GoalSchema(Schema):
    """A goal."""

    id = fields.Integer()
    name = fields.String(allow_none=True)
    target = Rubles()
    reserved = Rubles(metadata={"description": "Put aside for it so far"})
    missing = Rubles(metadata={"description": "What is still to be saved"})
    place = fields.Integer(metadata={"description": "1 is filled first"})
    state = fields.String(validate=validate.OneOf([str(one) for one in GoalState]))
    created_at = Moment()
    reached_at = Moment(allow_none=True, metadata={"description": "When it was full"})


class GoalsSchema(Schema):
    """All goals that stand."""

    items = fields.List(fields.Nested(GoalSchema))
    reserved = Rubles(
        metadata={"description": "Put aside in all: the next auto-payment leaves it alone"}
    )
