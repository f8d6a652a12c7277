"""All permutations of one purchase's events, each told twice, end in the same money.

Many orders of one story are told side by side, each with an order number and a member of its own:
first every permutation's first event, then its second together with the first one again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from partners.intake.contracts import PurchaseNotice
from partners.intake.rules import report
from tests.webhooks.adapters.payloads import CLICK, Story, stories
from tests.world import Shop, World, day
from tracker.kit.database import unit_of_work
from tracker.ledger.service import Balance
from tracker.purchases.service import Programme, book
from webhooks.wire.letters import Content

NO_BONUS = Programme(welcome_bonus=0)
THE_END = day(90)
"""Every hold is over by then."""

ONE_IN = 7
"""Of the 720 orders of six events, when nobody proved them; all of those in the slow sweep."""


def sweeps() -> Iterator[Any]:
    """Each story, proved and unproved, and which of its orders are told: one in how many."""
    for story in stories():
        yield pytest.param(story, "proved", 1, id=f"{story.id}-proved")
        if len(story.payloads) < 6:
            yield pytest.param(story, "unproved", 1, id=f"{story.id}-unproved")
        else:
            yield pytest.param(story, "unproved", ONE_IN, id=f"{story.id}-unproved-some")
            marks = pytest.mark.slow
            yield pytest.param(story, "unproved", 1, id=f"{story.id}-unproved", marks=marks)


@dataclass(frozen=True, slots=True)
class Case:
    """One permutation: whose it is, and its events by their places in the story."""

    member: int
    order: str
    click: str
    events: tuple[int, ...]


@pytest.mark.parametrize(("story", "proof", "one_in"), list(sweeps()))
def test_the_money_is_the_same_in_every_order(
    world: World, story: Story, proof: str, one_in: int
) -> None:
    shop = world.shop(cashback=1000, commission=1200)
    cases = list(cases_of(world, shop, story, one_in))
    for step in range(len(story.payloads) + 1):
        at = day(1) + timedelta(minutes=step)
        reports = [
            report(notice, shop_id=shop.id, source=source, trusted=proof == "proved")
            for case in cases
            for name, place in (("first", step), ("again", step - 1))
            if 0 <= place < len(case.events)
            for source, notice in said(story, case, case.events[place], name, at)
        ]
        with unit_of_work(world.tools.engine) as session:
            assert book(session, reports, NO_BONUS) == {}
    assert ends(world, cases) == {balance(story.money[proof]["told"])}
    world.end_holds(THE_END)
    assert ends(world, cases) == {balance(story.money[proof]["after_hold"])}
    assert world.differences() == []


def cases_of(world: World, shop: Shop, story: Story, one_in: int) -> Iterator[Case]:
    # A prime step wanders through all first and last events, where an even one would stay by some.
    orders = list(permutations(range(len(story.payloads))))[::one_in]
    members = world.members(len(orders))
    clicks = world.clicks(members, shop, day(0))
    for number, (events, member, click) in enumerate(zip(orders, members, clicks, strict=True)):
        yield Case(member, f"{story.order}x{number}", click, events)


def said(
    story: Story, case: Case, place: int, name: str, at: datetime
) -> Iterator[tuple[str, PurchaseNotice]]:
    """What an event says of the case's own order and by its own click; each with its source."""
    payload = story.payloads[place]
    content = payload.content
    raw = content.raw.replace(story.order.encode(), case.order.encode())
    raw = raw.replace(CLICK.encode(), case.click.encode())
    notices = payload.dialect.read(Content(content.shape, raw), at)
    for number, notice in enumerate(notices):
        yield f"{case.order}-{place}-{name}#{number}", notice


def ends(world: World, cases: Sequence[Case]) -> set[Balance]:
    """The different ends that the permutations came to."""
    rows = world.query("SELECT * FROM member_balances")
    found = {row.member_id: Balance(row.pending, row.available, row.in_flight) for row in rows}
    return {found.get(case.member, Balance(0, 0, 0)) for case in cases}


def balance(told: Sequence[int]) -> Balance:
    pending, available = told
    return Balance(pending, available, 0)
