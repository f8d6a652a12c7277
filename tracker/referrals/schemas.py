"""How links and friends look outside."""

from marshmallow import Schema, fields, validate

from tracker.kit.fields import Rubles
from tracker.referrals.ports import FriendState


class TouchedSchema(Schema):
    """Whose link somebody followed."""

    code = fields.String(
        required=True,
        validate=validate.Length(1, 100),
        metadata={"description": "The end of the link; o, i and l are read as digits"},
    )
    touch = fields.String(
        validate=validate.Length(1, 200),
        metadata={"description": "What an earlier link left; as long as it holds it is kept"},
    )


class TouchSchema(Schema):
    """What joining takes as `referral`, within 30 days of the first link."""

    touch = fields.String()


class FriendsAsked(Schema):
    """Which friends."""

    cursor = fields.Integer(load_default=0, validate=validate.Range(0, 1_000_000_000))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 1000))


class FriendSchema(Schema):
    """A friend, without saying who it is."""

    ordinal = fields.Integer(metadata={"description": "1 joined first"})
    joined = fields.String(
        metadata={"description": "The month, in Moscow", "pattern": r"\d{4}-\d\d"}
    )
    state = fields.String(validate=validate.OneOf([*FriendState]))


class FriendPage(Schema):
    """A page of friends; pass ``next`` as the cursor of the next page."""

    items = fields.List(fields.Nested(FriendSchema))
    next = fields.String(allow_none=True)


class ReferralSchema(Schema):
    """A member's link, and what has come of it."""

    code = fields.String()
    link = fields.String()
    reward = Rubles(metadata={"description": "What a friend's first purchase brings"})
    ceiling = Rubles(metadata={"description": "What all friends bring at most"})
    pending = Rubles(metadata={"description": "Of rewards that wait for the friends' purchases"})
    confirmed = Rubles(metadata={"description": "Of rewards received, less what was taken back"})
    friends = fields.Nested(FriendPage)
