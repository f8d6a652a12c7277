"""Members with money for certificates, and what they and the workers do with it."""

import itertools
from collections.abc import Sequence
from datetime import datetime

from tests.stories.months import earns
from tests.world import BONUS, Shop, World, day, rubles
from tracker.certificates.giving_back import give_back
from tracker.certificates.jobs import work
from tracker.certificates.models import Certificate
from tracker.certificates.ordering import Wish, order
from tracker.certificates.rules import Limits
from tracker.goals.queries import open_goals_of
from tracker.goals.service import create
from tracker.kit.database import unit_of_work

NOW = day(5)
FREE = Limits(per_day=1_000, sum_per_day=10**12, review_from=10**12)
"""Nobody is held back."""

_KEYS = itertools.count(1)


def rich(world: World, shop: Shop, amount: float) -> int:
    """A member with so many roubles available: the welcome bonus among them."""
    member = world.member()
    earns(world, shop, member, amount - BONUS / 100)
    assert world.balance(member).available == rubles(amount)
    return member


def save(world: World, member: int, target: float) -> int:
    """A goal, as far as there is money for it."""
    with unit_of_work(world.tools.engine) as session:
        return create(session, member, "a phone", rubles(target), NOW).id


def saved(world: World, member: int) -> list[int]:
    """What each goal that stands has."""
    with unit_of_work(world.tools.engine) as session:
        return [one.reserved for one in open_goals_of(session, member)]


def buy(
    world: World,
    member: int,
    amount: float,
    *,
    goal: int | None = None,
    key: str | None = None,
    split: bool = False,
    limits: Limits = FREE,
    now: datetime = NOW,
) -> Sequence[Certificate]:
    """Order certificates."""
    wish = Wish(
        amount=rubles(amount), order_key=key or f"key-{next(_KEYS)}", goal_id=goal, split=split
    )
    with unit_of_work(world.tools.engine, "certificates.order") as session:
        return order(session, member, wish, limits, now)


def issued(world: World, now: datetime = NOW, valid_days: int | None = None) -> None:
    """Workers do all there is to do."""
    while work(world.tools.engine, now, valid_days):
        pass


def states(world: World) -> list[str]:
    """Of all certificates, the oldest first."""
    return [row.state for row in world.query("SELECT state FROM certificates ORDER BY id")]


def give_back_of(world: World, certificate: int, now: datetime = NOW) -> None:
    """Undo one, as staff do."""
    with unit_of_work(world.tools.engine) as session:
        give_back(session, certificate, now, "a mistake")
