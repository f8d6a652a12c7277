"""What other rooms hand down: a notice to a member, by its kind and the values in its text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Channel(StrEnum):
    """How a message travels."""

    SMS = "sms"
    EMAIL = "email"


NO_CHANNEL = "none"
"""What a member chooses who wants no notices on a topic."""


class Topic(StrEnum):
    """What a member chooses a channel for: ``members.choices`` is ``{topic: channel or none}``."""

    CASHBACK = "cashback"
    """Tracked, confirmed, rejected; rewards for friends as well."""
    PAYOUTS = "payouts"
    CERTIFICATES = "certificates"
    CLAIMS = "claims"
    SECURITY = "security"
    """Sign-ins, changes of number and password, codes, the welcome: cannot be chosen away."""


CHOOSABLE = frozenset(Topic) - {Topic.SECURITY}
"""Topics that a member may choose a channel for."""

DEFAULTS: Mapping[Topic, Channel] = {
    Topic.CASHBACK: Channel.EMAIL,
    Topic.PAYOUTS: Channel.SMS,
    Topic.CERTIFICATES: Channel.SMS,
    Topic.CLAIMS: Channel.EMAIL,
    Topic.SECURITY: Channel.SMS,
}
"""Where a topic goes that the member has not chosen a channel for. What would go by e-mail to a
member without a proved address is not sent. What concerns security goes by SMS then, and by e-mail
to a member without a number."""


class Kind(StrEnum):
    """What a message is about; its texts stand under this name in ``templates``."""

    JOINING_CODE = "joining_code"
    EMAIL_CODE = "email_code"
    SIGN_IN_CODE = "sign_in_code"
    NUMBER_CODE = "number_code"
    """To the number that a member lets go."""
    NEW_NUMBER_CODE = "new_number_code"
    """To the number that a member would have instead."""
    RELATIVE_CODE = "relative_code"
    ERASURE_CODE = "erasure_code"
    ALREADY_MEMBER = "already_member"
    """What goes out instead of a joining code to the number of a member."""
    WELCOME = "welcome"
    SIGNED_IN = "signed_in"
    NUMBER_CHANGED = "number_changed"
    RELATIVE_ADDED = "relative_added"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - no password
    EMAIL_CHANGED = "email_changed"
    CASHBACK_TRACKED = "cashback_tracked"
    CASHBACK_CONFIRMED = "cashback_confirmed"
    CASHBACK_REJECTED = "cashback_rejected"
    """Pending cashback that falls away, in full or in part."""
    CASHBACK_TAKEN_BACK = "cashback_taken_back"
    """Cashback that was confirmed already; it may become a debt."""
    REWARD_TRACKED = "reward_tracked"
    REWARD_CONFIRMED = "reward_confirmed"
    PAYOUT_PAID = "payout_paid"
    PAYOUT_FAILED = "payout_failed"
    GOAL_REACHED = "goal_reached"
    CERTIFICATE_ISSUED = "certificate_issued"
    CERTIFICATE_VOIDED = "certificate_voided"
    """By staff: its money is available again."""
    CLAIM_ANSWERED = "claim_answered"
    MONEY_ADDED = "money_added"
    """By staff, as the next two."""
    MONEY_TAKEN = "money_taken"
    DEBT_FORGIVEN = "debt_forgiven"


class Form(StrEnum):
    """How a value is written in a text."""

    CODE = "code"
    """Digits, as they are."""
    MONEY = "money"
    """Kopecks, an int."""
    MOMENT = "moment"
    """An instant in ISO 8601: the day and the time in Moscow."""
    DAY = "day"
    """The same, the day alone."""
    SHOP = "shop"
    """A shop's id, an int: its name at the time of sending."""
    DEVICE = "device"
    """What a device is known by, in words of ours; empty: it says nothing of itself."""


_CODE = {"code": Form.CODE}
_SUM = {"amount": Form.MONEY}
_AT_A_SHOP = {"amount": Form.MONEY, "shop": Form.SHOP}

VALUES: Mapping[Kind, Mapping[str, Form]] = {
    Kind.JOINING_CODE: _CODE,
    Kind.EMAIL_CODE: _CODE,
    Kind.SIGN_IN_CODE: _CODE,
    Kind.NUMBER_CODE: _CODE,
    Kind.NEW_NUMBER_CODE: _CODE,
    Kind.RELATIVE_CODE: _CODE,
    Kind.ERASURE_CODE: _CODE,
    Kind.ALREADY_MEMBER: {},
    Kind.WELCOME: {},
    Kind.SIGNED_IN: {"at": Form.MOMENT, "device": Form.DEVICE},
    Kind.NUMBER_CHANGED: {},
    Kind.RELATIVE_ADDED: {},
    Kind.PASSWORD_CHANGED: {},
    Kind.EMAIL_CHANGED: {},
    Kind.CASHBACK_TRACKED: {**_AT_A_SHOP, "expected": Form.DAY},
    Kind.CASHBACK_CONFIRMED: _AT_A_SHOP,
    Kind.CASHBACK_REJECTED: _AT_A_SHOP,
    Kind.CASHBACK_TAKEN_BACK: _AT_A_SHOP,
    Kind.REWARD_TRACKED: _SUM,
    Kind.REWARD_CONFIRMED: _SUM,
    Kind.PAYOUT_PAID: _SUM,
    Kind.PAYOUT_FAILED: _SUM,
    Kind.GOAL_REACHED: _SUM,
    Kind.CERTIFICATE_ISSUED: _SUM,
    Kind.CERTIFICATE_VOIDED: _SUM,
    Kind.CLAIM_ANSWERED: {"shop": Form.SHOP},
    Kind.MONEY_ADDED: _SUM,
    Kind.MONEY_TAKEN: _SUM,
    Kind.DEBT_FORGIVEN: _SUM,
}
"""Which values a notice of each kind carries: all of these, and no others."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a member is to be told. ``key`` names it once for good: told once, never again.

    Neither the key nor the values hold personal data.
    """

    member_id: int
    kind: Kind
    key: str
    values: Mapping[str, str | int] = field(default_factory=dict)
