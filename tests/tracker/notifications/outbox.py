"""What the outbox's tests share: gateways that obey a script, members to write to, an office."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tests.world import World, day
from tracker.access.rules import is_trusted
from tracker.kit.clock import FixedClock
from tracker.kit.database import unit_of_work
from tracker.kit.quiet import QuietHours, quiet_hours_from
from tracker.members.rules import Language
from tracker.members.service import set_email
from tracker.notifications.contracts import Kind, Notice
from tracker.notifications.jobs import Office, deliver_mail, deliver_sms
from tracker.notifications.ports import Letter, Outcome, Reason, Receipt, ShortMessage
from tracker.notifications.service import notify, notify_at, send_code

NOON = day(1.5)
NIGHT = day(1.95)
"""Half past ten in the evening, or nearly so."""
QUIET = quiet_hours_from("22:00-09:00")

Script = Callable[[str], Outcome]
"""What becomes of a message to a number or an address."""


def accept(_: str) -> Outcome:
    return Outcome.ACCEPTED


class Provider:
    """An SMS centre and a mail server that do what a script says, and remember."""

    def __init__(self, script: Script = accept) -> None:
        self.script = script
        self.sent: list[ShortMessage | Letter] = []
        self.batches: list[int] = []

    def send(self, batch: Sequence[Any]) -> list[Receipt]:
        self.batches.append(len(batch))
        return [self._one(message) for message in batch]

    def _one(self, message: ShortMessage | Letter) -> Receipt:
        to = message.phone if isinstance(message, ShortMessage) else message.address
        outcome = self.script(to)
        if outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN):
            self.sent.append(message)
        reason = None if outcome is Outcome.ACCEPTED else str(Reason.TIMEOUT)
        reference = f"ref-{len(self.sent)}" if outcome is Outcome.ACCEPTED else None
        return Receipt(message.key, outcome, reference, reason)

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.sent]


def office(world: World, now: datetime = NOON, quiet: QuietHours | None = QUIET) -> Office:
    """An office that takes it for that moment."""
    return Office(
        engine=world.tools.engine,
        keys=world.tools.settings.keys,
        clock=FixedClock(now),
        quiet=quiet,
        trusted=partial(is_trusted, trust=timedelta(days=60)),
        shop_names=lambda _, shops: {shop: f"Shop {shop}" for shop in shops},
    )


def deliver(world: World, provider: Provider, now: datetime = NOON, **changes: Any) -> None:
    """Both channels, for as long as there is more to do at once."""
    place = replace(office(world, now), **changes)
    while deliver_sms(place, provider, timeout=10):
        pass
    while deliver_mail(place, provider, timeout=10):
        pass


def address(world: World, member: int, email: str, *, proved: bool = True) -> str:
    """Give a member an address."""
    with unit_of_work(world.tools.engine) as session:
        set_email(session, world.tools.settings.keys, member, email, day(0) if proved else None)
    return email


def tell(world: World, *notices: Notice) -> None:
    """Queue notices."""
    with unit_of_work(world.tools.engine) as session:
        notify(session, notices, NOON)


def tell_at(world: World, notice: Notice, **to: str) -> None:
    """Queue a notice to a number or an address."""
    with unit_of_work(world.tools.engine) as session:
        notify_at(session, world.tools.settings.keys, notice, NOON, **to)


def code(
    world: World,
    kind: Kind = Kind.SIGN_IN_CODE,
    *,
    phone: str | None = None,
    email: str | None = None,
    key: str = "code:1",
    minutes: float = 10,
    language: Language = Language.RU,
) -> None:
    """Queue the code 271828."""
    with unit_of_work(world.tools.engine) as session:
        send_code(
            session,
            world.tools.settings.keys,
            kind,
            phone=phone,
            email=email,
            code="271828",
            language=language,
            now=NOON,
            expires_at=NOON + timedelta(minutes=minutes),
            key=key,
        )


def paid(member: int, key: str = "payout:1") -> Notice:
    """A notice that goes by SMS unless the member chose otherwise, and can wait."""
    return Notice(member, Kind.PAYOUT_PAID, key, {"amount": 30_000})


def tracked(member: int, key: str = "purchase:1", shop: int = 7) -> Notice:
    """A notice that goes by e-mail unless the member chose otherwise."""
    values: dict[str, str | int] = {"amount": 15_300, "shop": shop, "expected": day(30).isoformat()}
    return Notice(member, Kind.CASHBACK_TRACKED, key, values)


def rows(world: World) -> list[Any]:
    """The outbox."""
    return world.query("SELECT * FROM notifications ORDER BY id")


def states(world: World) -> list[str]:
    """Of all messages, in the order in which they were queued."""
    return [row.state for row in rows(world)]


def let_time_pass(world: World, seconds: float = 100_000) -> None:
    """Until what waits for another try, or for a lease to end, has waited long enough."""
    world.change(
        "UPDATE notifications SET try_at = try_at - make_interval(secs => :seconds),"
        " lease_until = lease_until - make_interval(secs => :seconds)",
        seconds=seconds,
    )
