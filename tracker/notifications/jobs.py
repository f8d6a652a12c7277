"""The workers' part: claim, COMMIT, hand over, record. Each call does one chunk of one channel."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tracker.kit.clock import Clock
from tracker.kit.crypto import Keyring
from tracker.kit.database import unit_of_work
from tracker.kit.logs import log
from tracker.kit.quiet import QuietHours
from tracker.notifications.contracts import Channel
from tracker.notifications.delivery import (
    HELD_UP,
    Chunk,
    Claimed,
    Ending,
    claim,
    is_due,
    outcome_of,
    record,
    take_back_expired,
)
from tracker.notifications.ports import (
    Letter,
    MailGateway,
    Outcome,
    Reason,
    Receipt,
    ShortMessage,
    SmsGateway,
)
from tracker.notifications.rules import State
from tracker.notifications.writing import Trusted, Written, write

CHUNK = 100
LEASE_MARGIN = 20
"""Seconds of a lease beside what the gateway may take."""
LATE_SECONDS = 60
"""An urgent message that waited longer is told to who watches the log."""

ShopNames = Callable[[Session, Collection[int]], Mapping[int, str]]
"""What shops are called, by id."""

Stopwatch = Callable[[], float]
"""Seconds of real time that never go back, from any beginning."""

_LOG = log("notifications")


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What it takes to send messages, whatever the channel."""

    engine: Engine
    keys: Keyring
    clock: Clock
    quiet: QuietHours | None
    """When what is not urgent waits, by business time: by the clock that members see."""
    trusted: Trusted
    shop_names: ShopNames
    stopwatch: Stopwatch = time.monotonic


def deliver_sms(office: Office, gateway: SmsGateway, *, timeout: float) -> bool:
    """Send the next chunk of short messages; True when there may be more to do at once."""

    def hand_over(written: Sequence[Written]) -> list[Receipt]:
        return gateway.send([ShortMessage(one.key, one.to, one.words.text) for one in written])

    return _deliver(office, Channel.SMS, hand_over, timeout)


def deliver_mail(office: Office, gateway: MailGateway, *, timeout: float) -> bool:
    """Send the next chunk of letters; True when there may be more to do at once."""

    def hand_over(written: Sequence[Written]) -> list[Receipt]:
        return gateway.send(
            [Letter(one.key, one.to, one.words.subject, one.words.text) for one in written]
        )

    return _deliver(office, Channel.EMAIL, hand_over, timeout)


def delivery_is_due(
    session: Session, now: datetime, *, channel: Channel, quiet: QuietHours | None
) -> bool:
    """Whether some message of a channel could be sent at a business moment."""
    return is_due(session, channel, night=quiet is not None and now in quiet)


def _deliver(
    office: Office,
    channel: Channel,
    hand_over: Callable[[Sequence[Written]], list[Receipt]],
    timeout: float,
) -> bool:
    began = office.stopwatch()
    lease = timeout + LEASE_MARGIN
    chunk, written, endings = _take(office, channel, lease)
    _tell_late(chunk)
    if not written:
        return bool(chunk.messages)
    if office.stopwatch() - began > LEASE_MARGIN / 2:
        # Held up before the call, so that the lease might be over before it is: put back at once.
        receipts = [Receipt(one.key, Outcome.TEMPORARY, reason=HELD_UP) for one in written]
    else:
        receipts = hand_over(written)
    by_id = {one.id: one for one in chunk.messages}
    outcomes = [
        outcome_of(by_id[one.id], receipt) for one, receipt in zip(written, receipts, strict=True)
    ]
    with unit_of_work(office.engine) as session:
        held = record(session, chunk.fence, outcomes)
    if held < len(outcomes):
        _LOG.warning("late_receipts_fenced_off", fence=chunk.fence, lost=len(outcomes) - held)
    _tell_locked_out(channel, receipts)
    # A gateway that takes nothing is left in peace until the scheduler looks again.
    return any(one.outcome is Outcome.ACCEPTED for one in receipts) or bool(endings)


def _take(
    office: Office, channel: Channel, lease: float
) -> tuple[Chunk, list[Written], list[Ending]]:
    """Claim a chunk and put it into words; what is not to be sent ends at once."""
    now = office.clock.now()
    with unit_of_work(office.engine) as session:
        take_back_expired(session)
    with unit_of_work(office.engine) as session:
        chunk = claim(
            session,
            office.keys,
            channel,
            limit=CHUNK,
            lease=lease,
            night=office.quiet is not None and now in office.quiet,
        )
        names = office.shop_names(session, _shops(chunk.messages))
        written: list[Written] = []
        endings: list[Ending] = []
        for one in chunk.messages:
            made = write(session, office.keys, one, now, trusted=office.trusted, shops=names)
            if isinstance(made, Written):
                written.append(made)
            else:
                endings.append(made)
        record(session, chunk.fence, endings)
    for ending in endings:
        if ending.step.state is State.FAILED:
            _LOG.error("not_written", notification_id=ending.id, reason=ending.reason)
    return chunk, written, endings


def _shops(messages: Sequence[Claimed]) -> set[int]:
    return {int(one.values["shop"]) for one in messages if "shop" in one.values}


def _tell_late(chunk: Chunk) -> None:
    late = [one.waited for one in chunk.messages if one.urgent and one.waited > LATE_SECONDS]
    if late:
        _LOG.warning("urgent_messages_late", count=len(late), seconds=max(late))


def _tell_locked_out(channel: Channel, receipts: Sequence[Receipt]) -> None:
    """Nothing will pass until somebody sees to our login."""
    if any(one.reason == Reason.NOT_LET_IN for one in receipts):
        _LOG.error("provider_lets_us_not_in", channel=str(channel))
