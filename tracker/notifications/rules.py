"""How each kind is sent, and what follows from a gateway's word. Pure.

Waits and lifetimes are seconds of real time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tracker.notifications.contracts import DEFAULTS, VALUES, Channel, Kind, Notice, Topic
from tracker.notifications.ports import Outcome

CODES = frozenset(
    {
        Kind.JOINING_CODE,
        Kind.EMAIL_CODE,
        Kind.SIGN_IN_CODE,
        Kind.NUMBER_CODE,
        Kind.NEW_NUMBER_CODE,
        Kind.RELATIVE_CODE,
        Kind.ERASURE_CODE,
    }
)
"""Kinds that go to a number or an address, whosever it is; all others go to members."""

_DAY = 86_400


class State(StrEnum):
    """A message's way."""

    WAITING = "waiting"
    SENDING = "sending"
    """In a worker's hands, until its lease is over."""
    SENT = "sent"
    """The provider has taken it."""
    UNKNOWN = "unknown"
    """It may have arrived or not, and is not sent again."""
    FAILED = "failed"
    """Refused, or given up."""
    EXPIRED = "expired"
    """Nobody would have had any use for it any more."""
    VOID = "void"
    """Nobody was to get it after all."""


OPEN = frozenset({State.WAITING, State.SENDING})


@dataclass(frozen=True, slots=True)
class Manner:
    """How messages of a kind are sent to members."""

    topic: Topic
    urgent: bool = False
    """Goes out by night too, and before what is not urgent."""
    channel: Channel | None = None
    """None: as the topic's default. To those who cannot be reached by it: by the other one, if it
    concerns security; else not at all."""
    lifetime: int = 3 * _DAY
    """How long it is worth sending."""


_SECURITY = Manner(Topic.SECURITY, urgent=True, lifetime=_DAY)
_BY_MAIL = Manner(Topic.SECURITY, urgent=True, channel=Channel.EMAIL, lifetime=_DAY)
_CASHBACK = Manner(Topic.CASHBACK)
_PAYOUTS = Manner(Topic.PAYOUTS)

MANNERS: Mapping[Kind, Manner] = {
    Kind.WELCOME: _BY_MAIL,
    Kind.SIGNED_IN: _SECURITY,
    # Those that would tell only the thief who brought the new one are sent to the old one as well.
    Kind.NUMBER_CHANGED: _SECURITY,
    Kind.EMAIL_CHANGED: _SECURITY,
    Kind.PASSWORD_CHANGED: _SECURITY,
    Kind.RELATIVE_ADDED: _SECURITY,
    Kind.CASHBACK_TRACKED: _CASHBACK,
    Kind.CASHBACK_CONFIRMED: _CASHBACK,
    Kind.CASHBACK_REJECTED: _CASHBACK,
    Kind.CASHBACK_TAKEN_BACK: _CASHBACK,
    Kind.REWARD_TRACKED: _CASHBACK,
    Kind.REWARD_CONFIRMED: _CASHBACK,
    Kind.PAYOUT_PAID: _PAYOUTS,
    Kind.PAYOUT_FAILED: _PAYOUTS,
    Kind.GOAL_REACHED: Manner(Topic.CERTIFICATES),
    Kind.CERTIFICATE_ISSUED: Manner(Topic.CERTIFICATES),
    Kind.CERTIFICATE_VOIDED: Manner(Topic.CERTIFICATES),
    Kind.MONEY_ADDED: _CASHBACK,
    Kind.MONEY_TAKEN: _CASHBACK,
    Kind.DEBT_FORGIVEN: _CASHBACK,
    Kind.CLAIM_ANSWERED: Manner(Topic.CLAIMS),
}
"""Of every kind that goes to members."""


def channel_of(manner: Manner) -> Channel:
    """By which channel a kind goes to who has not chosen."""
    return manner.channel or DEFAULTS[manner.topic]


def concerns_security(kind: Kind) -> bool:
    """Whether a notice is to reach its member by whichever channel there is."""
    return kind in MANNERS and MANNERS[kind].topic is Topic.SECURITY


def check(notice: Notice) -> None:
    """A notice that could not be written is its sender's fault: ValueError."""
    if notice.kind not in MANNERS:
        raise ValueError(f"{notice.kind} is not a notice to members")
    if notice.values.keys() != VALUES[notice.kind].keys():
        raise ValueError(f"{notice.kind} takes {sorted(VALUES[notice.kind])} as values")


UNANSWERED_TRIES = 3
"""How often a message is handed over at most without an answer."""

_FIRST_WAIT = {True: 2, False: 30}
_LONGEST_WAIT = {True: 60, False: 3_600}


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of a message: its state, and the wait until the next try if there is one."""

    state: State
    wait: int | None = None


def step_after(
    outcome: Outcome, *, channel: Channel, urgent: bool, tries: int, seconds_left: int
) -> Step:
    """What follows from a gateway's word on the ``tries``-th try, so long before it is stale.

    What surely was not sent is tried again for as long as it is worth it, ever more seldom. What
    may have been sent is weighed: a code that comes twice is a nuisance, one that never comes is a
    sign-in lost, so what is urgent goes out again, thrice in all. So do letters: mailboxes know a
    second copy by its Message-ID. Any other SMS does not: each copy costs money and annoys.
    """
    match outcome:
        case Outcome.ACCEPTED:
            return Step(State.SENT)
        case Outcome.REFUSED:
            return Step(State.FAILED)
        case Outcome.UNKNOWN if tries >= UNANSWERED_TRIES or (
            channel is Channel.SMS and not urgent
        ):
            return Step(State.UNKNOWN)
    wait = min(_FIRST_WAIT[urgent] << min(tries - 1, 16), _LONGEST_WAIT[urgent])
    return Step(State.WAITING, wait) if wait < seconds_left else Step(State.EXPIRED)
