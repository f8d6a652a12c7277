"""Pages of a history, the balance with what comes next, and preferences.

The caller owns the unit of work.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tracker.cabinet.balances import Balance, balance_of
from tracker.cabinet.cursors import seal, unseal
from tracker.cabinet.ports import ShopName, ShopNames
from tracker.cabinet.queries import latest
from tracker.cabinet.rules import Line, Wanted, next_payment_day
from tracker.cabinet.sources import Look
from tracker.forecast.queries import curves_of
from tracker.forecast.rules import usually_by
from tracker.kit.clock import moscow_midnight
from tracker.kit.crypto import Keyring
from tracker.kit.money import MAX_KOPECKS
from tracker.members.models import Member, Number
from tracker.members.rules import Role
from tracker.notifications.contracts import CHOOSABLE, DEFAULTS, Topic
from tracker.relatives.queries import confirmed_directions
from tracker.relatives.rules import split


@dataclass(frozen=True, slots=True)
class Shown:
    """A line with the name of its shop."""

    line: Line
    shop: ShopName | None
    usually_by: date | None = None
    """Of a pending line that a hold ends: the day by which most of its like were confirmed."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, and the cursor of what comes below them; None at the end."""

    items: Sequence[Shown]
    next: str | None


def history(
    session: Session,
    keys: Keyring,
    shops: ShopNames,
    wanted: Wanted,
    now: datetime,
    *,
    cursor: str | None,
    limit: int,
) -> Page:
    """A page of a history, the latest first. Raises CursorNotUsable."""
    before = unseal(keys, wanted, cursor) if cursor else None
    found = latest(session, Look(wanted, before, limit + 1))
    page = found[:limit]
    more = len(found) > limit
    return Page(
        shown(session, shops, page, now), seal(keys, wanted, page[-1].key) if more else None
    )


def shown(session: Session, shops: ShopNames, lines: Iterable[Line], now: datetime) -> list[Shown]:
    """Lines with the names of their shops, and when to expect what is pending."""
    told = list(lines)
    wanted = {line.shop_id for line in told if line.shop_id is not None}
    names: Mapping[int, ShopName] = shops(session, wanted) if wanted else {}
    expected = _usually(session, told, now)
    return [Shown(line, names.get(line.shop_id or 0), expected.get(line.id)) for line in told]


def _usually(session: Session, lines: Iterable[Line], now: datetime) -> dict[str, date]:
    """By lines' ids; of a reward nothing is said: it is another's purchase."""
    pending = [line for line in lines if line.expected_at and line.shop_id]
    curves = curves_of(session, {line.shop_id or 0 for line in pending}) if pending else {}
    return {
        line.id: usually_by(
            curve.confirmed,
            curve.rejected,
            ordered_at=line.key.moment,
            hold_ends_at=line.expected_at,
            now=now,
        )
        for line in pending
        if line.expected_at and (curve := curves.get(line.shop_id or 0))
    }


@dataclass(frozen=True, slots=True)
class NextPayment:
    """The next auto-payment, as it would be if nothing changed until then; sums in kopecks."""

    day: date
    at: datetime
    auto_payment: bool
    minimum: int
    amount: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's balance and what comes next."""

    balance: Balance
    next_payment: NextPayment


def standing(
    session: Session, member: Member, now: datetime, *, minimum: int, cap: int | None
) -> Standing:
    """How a member's money stands."""
    balance = balance_of(session, member.id)
    day = next_payment_day(now)
    coming = NextPayment(
        day,
        moscow_midnight(day),
        member.auto_payment,
        minimum,
        _would_be_paid(session, member, balance.available, minimum=minimum, cap=cap),
    )
    return Standing(balance, coming)


def _would_be_paid(
    session: Session, member: Member, available: int, *, minimum: int, cap: int | None
) -> int:
    """What the next list would have for the member, for relatives and the own number together."""
    due = min(available, MAX_KOPECKS if cap is None else cap)
    if not member.auto_payment or member.closed_at or available < minimum:
        return 0
    own = session.scalar(
        select(Number.id).where(
            Number.member_id == member.id, Number.role == Role.OWN, Number.ended_at.is_(None)
        )
    )
    directions = confirmed_directions(session, [member.id]).get(member.id, [])
    return sum(part.amount for part in split(due, directions, own, minimum=minimum))


def choices_of(member: Member) -> dict[str, str]:
    """By which channel a member is told of each topic, chosen or by default."""
    return {str(topic): member.choices.get(topic, str(DEFAULTS[topic])) for topic in Topic}


def choose(session: Session, member: Member, choices: Mapping[str, str]) -> None:
    """Let these be a member's choices, and no others: what is not named goes by the default."""
    member.choices = {
        topic: channel for topic, channel in sorted(choices.items()) if Topic(topic) in CHOOSABLE
    }
    session.flush()


def prefer(session: Session, member_id: int, changes: Mapping[str, object]) -> None:
    """Change a member's language or auto-payment; what is not named stays."""
    if changes:
        session.execute(update(Member).where(Member.id == member_id).values(**changes))
