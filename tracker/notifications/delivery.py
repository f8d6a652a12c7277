"""Delivering messages in chunks: claim and commit, hand over, record. Each is one unit of work.

No transaction is open while a gateway is being talked to. A claim carries a fencing token, so that
whoever wakes up late writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from tracker.kit.crypto import CannotDecrypt, Keyring
from tracker.members.queries import open_email, open_phone
from tracker.members.rules import Language
from tracker.notifications.contracts import Channel, Kind
from tracker.notifications.models import FENCES
from tracker.notifications.ports import Reason, Receipt
from tracker.notifications.rules import State, Step, step_after
from tracker.notifications.service import open_sealed

MAX_LOST = 3
"""How many workers may go away with one message in hand before it is given up."""

HELD_UP = "held_up"
"""The worker was stopped between the claim and the call, and did not make it."""
NOT_ITS_TURN = frozenset({Reason.NO_TIME_LEFT, HELD_UP})


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message in this worker's hands until its lease is over."""

    id: int
    kind: Kind
    channel: Channel
    to: str | None
    """The number or address; None when there is none, or it cannot be read."""
    readable: bool
    """Whether all that is sealed could be read."""
    elsewhere: Channel | None
    """By which other channel the member can be reached, when there is nothing to write to."""
    code: str | None
    """Of those to a number or address that may be nobody's."""
    values: Mapping[str, str | int]
    language: Language
    urgent: bool
    tries: int
    seconds_left: int
    waited: int
    """Seconds since it was queued."""

    @property
    def key(self) -> str:
        """What gateways know it by."""
        return f"notification:{self.id}"


@dataclass(frozen=True, slots=True)
class Ending:
    """What becomes of a message now: its state or the next try, and what the provider said."""

    id: int
    step: Step
    reference: str | None = None
    reason: str | None = None
    channel: Channel | None = None
    """By which it is to go from now on; None: as before."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Messages claimed together, under one fencing token."""

    fence: int
    messages: tuple[Claimed, ...]


def take_back_expired(session: Session) -> int:
    """Let messages wait again whose worker went away with them in hand; returns how many.

    Whether they were sent nobody knows. They are sent again, each alone, lest one be what the
    worker died of; and not for ever.
    """
    found: Any = session.execute(_TAKE_BACK, {"lost": MAX_LOST})
    return int(found.rowcount)


def claim(
    session: Session, keys: Keyring, channel: Channel, *, limit: int, lease: float, night: bool
) -> Chunk:
    """Take the messages that have waited longest: the urgent ones first.

    What is not urgent is left lying by night, and while another worker has such messages in hand:
    a month's payouts must not keep every worker busy with the SMS centre. What a worker went away
    with comes alone.
    """
    fence = int(session.scalar(FENCES.next_value()) or 0)
    given = {"channel": str(channel), "fence": fence, "lease": lease}
    patient = not night and not session.scalar(_OTHERS_IN_HAND, given)
    classes = (True, False) if patient else (True,)
    rows: list[Row[Any]] = []
    # Every other time the suspects come first, or they would never where much is to be sent.
    for suspect in (True, False) if fence % 2 else (False, True):
        room = 1 if suspect else limit
        for urgent in classes if not rows else ():
            values = {"urgent": urgent, "suspect": suspect, "limit": room - len(rows)}
            rows += session.execute(_CLAIM, {**given, **values})
    rows.sort(key=lambda row: (not row.urgent, row.id))
    return Chunk(fence, tuple(_claimed(keys, row) for row in rows))


def is_due(session: Session, channel: Channel, *, night: bool) -> bool:
    """Whether some message waits that could be sent now, or a worker went away with some."""
    return bool(session.scalar(_IS_DUE, {"channel": str(channel), "night": night}))


def outcome_of(one: Claimed, receipt: Receipt) -> Ending:
    """What a gateway's word means for a message. One whose turn did not come stays in the queue."""
    if receipt.reason in NOT_ITS_TURN:
        return Ending(one.id, Step(State.WAITING, wait=0), reason=receipt.reason)
    step = step_after(
        receipt.outcome,
        channel=one.channel,
        urgent=one.urgent,
        tries=one.tries,
        seconds_left=one.seconds_left,
    )
    return Ending(one.id, step, receipt.reference, receipt.reason)


def record(session: Session, fence: int, endings: Sequence[Ending]) -> int:
    """Write down what became of messages; returns how many were still in this hand.

    One that another worker has taken over meanwhile is left alone.
    """
    if not endings:
        return 0
    values = {
        "id": [one.id for one in endings],
        "state": [str(one.step.state) for one in endings],
        "wait": [one.step.wait for one in endings],
        "reference": [one.reference for one in endings],
        "reason": [one.reason for one in endings],
        "channel": [one.channel and str(one.channel) for one in endings],
    }
    found: Any = session.execute(_RECORD, {**values, "fence": fence})
    return int(found.rowcount)


def _claimed(keys: Keyring, row: Row[Any]) -> Claimed:
    channel = Channel(row.channel)
    to: str | None = None
    code: str | None = None
    readable = True
    try:
        if row.sealed is not None:
            inside = open_sealed(keys, row.key, row.sealed)
            to, code = inside.to, inside.code
        elif channel is Channel.SMS and row.phone_sealed is not None:
            to = open_phone(keys, row.member_id, row.phone_sealed)
        elif channel is Channel.EMAIL and row.email_sealed is not None:
            to = open_email(keys, row.member_id, row.email_sealed)
    except CannotDecrypt:
        to, code, readable = None, None, False
    return Claimed(
        row.id,
        Kind(row.kind),
        channel,
        to,
        readable,
        _elsewhere(row, channel),
        code,
        row.payload,
        Language(row.language),
        row.urgent,
        row.tries,
        int(row.seconds_left),
        int(row.waited),
    )


def _elsewhere(row: Row[Any], channel: Channel) -> Channel | None:
    if channel is Channel.SMS:
        return None if row.email_sealed is None else Channel.EMAIL
    return None if row.phone_sealed is None else Channel.SMS


# In the order of the partial index: whoever was tried before goes behind who was not. For a
# member's notice it is looked up here where the member can be reached now.
_CLAIM = text("""
    WITH next AS (
        SELECT id FROM notifications
        WHERE state = 'waiting' AND channel = :channel AND urgent = :urgent
          AND try_at <= clock_timestamp() AND (lost > 0) = :suspect
        ORDER BY try_at
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
    )
    UPDATE notifications AS mine
    SET state = 'sending', tries = mine.tries + 1, fence = :fence,
        lease_until = clock_timestamp() + make_interval(secs => :lease)
    FROM next
    JOIN notifications AS chosen ON chosen.id = next.id
    LEFT JOIN members ON members.id = chosen.member_id AND members.closed_at IS NULL
         AND members.email_proved_at IS NOT NULL
    LEFT JOIN numbers ON numbers.member_id = chosen.member_id AND numbers.role = 'own'
         AND numbers.ended_at IS NULL
    WHERE mine.id = next.id
    RETURNING mine.id, mine.key, mine.kind, mine.channel, mine.member_id, mine.payload,
              mine.sealed, mine.language, mine.urgent, mine.tries,
              extract(epoch FROM mine.expires_at - clock_timestamp()) AS seconds_left,
              extract(epoch FROM clock_timestamp() - mine.queued_at) AS waited,
              members.email_sealed, numbers.sealed AS phone_sealed
""")

_OTHERS_IN_HAND = text("""
    SELECT EXISTS (
        SELECT FROM notifications
        WHERE state = 'sending' AND channel = :channel AND NOT urgent
    )
""")

_IS_DUE = text("""
    SELECT EXISTS (
        SELECT FROM notifications
        WHERE state = 'waiting' AND channel = :channel AND urgent
          AND try_at <= clock_timestamp()
    ) OR NOT :night AND EXISTS (
        SELECT FROM notifications
        WHERE state = 'waiting' AND channel = :channel AND NOT urgent
          AND try_at <= clock_timestamp()
    ) AND NOT EXISTS (
        SELECT FROM notifications
        WHERE state = 'sending' AND channel = :channel AND NOT urgent
          AND lease_until >= clock_timestamp()
    ) OR EXISTS (
        SELECT FROM notifications
        WHERE state = 'sending' AND lease_until < clock_timestamp()
    )
""")

_TAKE_BACK = text("""
    UPDATE notifications
    SET state = CASE WHEN lost + 1 < :lost THEN 'waiting' ELSE 'failed' END,
        sealed = CASE WHEN lost + 1 < :lost THEN sealed END,
        ended_at = CASE WHEN lost + 1 >= :lost THEN clock_timestamp() END,
        lost = lost + 1, reason = 'worker_lost', try_at = clock_timestamp(), lease_until = NULL
    WHERE id IN (
        SELECT id FROM notifications
        WHERE state = 'sending' AND lease_until < clock_timestamp()
        ORDER BY id
        FOR UPDATE SKIP LOCKED
    )
""")

_RECORD = text("""
    UPDATE notifications
    SET state = given.state, reference = given.reference, reason = given.reason,
        channel = coalesce(given.channel, notifications.channel), lease_until = NULL,
        try_at = coalesce(clock_timestamp() + make_interval(secs => given.wait),
                          notifications.try_at),
        sealed = CASE WHEN given.wait IS NOT NULL THEN notifications.sealed END,
        ended_at = CASE WHEN given.wait IS NULL THEN clock_timestamp() END
    FROM unnest(CAST(:id AS bigint[]), CAST(:state AS text[]), CAST(:wait AS double precision[]),
                CAST(:reference AS text[]), CAST(:reason AS text[]), CAST(:channel AS text[]))
         AS given (id, state, wait, reference, reason, channel)
    WHERE notifications.id = given.id AND notifications.fence = :fence
      AND notifications.state = 'sending'
""")
