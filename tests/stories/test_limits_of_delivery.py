"""How much the operator gets at once, and what is known of a number before its first top-up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import pytest

from tests.colleagues import BORIS
from tests.races.together import raised, together
from tests.stories.months import earns, started
from tests.stories.operators import Operator, numbers_are_known, run_state, states, wait, work
from tests.world import Shop, World, day
from tracker.kit.database import unit_of_work
from tracker.settlement.delivery.answers import record
from tracker.settlement.delivery.claims import Chunk
from tracker.settlement.delivery.questions import take_back_expired
from tracker.settlement.delivery.sending import claim_prepared
from tracker.settlement.jobs import deliver
from tracker.settlement.ports import KEY_CONFLICT, Answer, Outcome, Reach, TopUp
from tracker.settlement.rules import Conduct
from tracker.settlement.service import approve, start


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent."""
    return world.shop(cashback=1000)


def on_the_list(world: World, shop: Shop, members: int) -> list[int]:
    """So many members have a payout of January, which was begun."""
    found = world.members(members)
    for member in found:
        earns(world, shop, member, 10)
    started(world)
    return found


def claimed(world: World, conduct: Conduct, limit: int = 2) -> Chunk:
    """What a worker takes that then talks to the operator for long."""
    with unit_of_work(world.tools.engine) as session:
        return claim_prepared(session, world.tools.settings.keys, limit, conduct)


def answered(world: World, chunk: Chunk) -> None:
    answers = [Answer(one.top_up.key, Outcome.PAID, f"ref-{one.id}") for one in chunk.payouts]
    with unit_of_work(world.tools.engine) as session:
        assert record(session, chunk, answers, Conduct()) == len(chunk.payouts)


# -- how many batches, how many top-ups a second ---------------------------------------------


def test_no_more_batches_are_with_the_operator_than_it_takes(world: World, shop: Shop) -> None:
    on_the_list(world, shop, 8)
    numbers_are_known(world)
    world.watch()
    two = Conduct(concurrency=2, rate=1_000_000)
    first, second, third = (claimed(world, two) for _ in range(3))
    assert [len(one.payouts) for one in (first, second, third)] == [2, 2, 0]
    answered(world, first)
    assert len(claimed(world, two).payouts) == 2
    assert claimed(world, two).payouts == ()
    wait(world, 26)
    with unit_of_work(world.tools.engine) as session:
        assert take_back_expired(session) == 4
    assert len(claimed(world, two).payouts) == 2


def test_many_that_claim_at_once_are_no_more_than_it_takes(world: World, shop: Shop) -> None:
    on_the_list(world, shop, 12)
    numbers_are_known(world)
    world.watch()
    three = Conduct(concurrency=3, rate=1_000_000)
    chunks = together(*(partial(claimed, world, three) for _ in range(8)))
    assert raised(chunks) == []
    sizes = sorted(len(one.payouts) for one in chunks if isinstance(one, Chunk))
    assert sizes[:5] == [0] * 5
    assert sum(sizes) <= 6


def test_no_more_top_ups_are_sent_in_a_second_than_agreed(world: World, shop: Shop) -> None:
    on_the_list(world, shop, 12)
    numbers_are_known(world)
    world.watch()
    slow = Conduct(concurrency=2, rate=4)
    operator = Operator()
    tools = world.tools

    def workers() -> int:
        while deliver(tools.engine, tools.settings.keys, operator, slow):
            pass
        return len(operator.sent)

    assert workers() == 4
    world.change("UPDATE settlement_slots SET next_at = next_at - interval '0.5 s'")
    assert workers() == 4
    world.change("UPDATE settlement_slots SET next_at = next_at - interval '0.5 s'")
    assert workers() == 8
    assert states(world).count("paid") == 8


@dataclass(slots=True)
class Tired(Operator):
    """Its circuit is open."""

    def ready(self) -> bool:
        return False


def test_nothing_is_claimed_while_it_is_not_worth_it(world: World, shop: Shop) -> None:
    on_the_list(world, shop, 2)
    operator = Tired()
    world.watch(operator)
    tools = world.tools
    assert not deliver(tools.engine, tools.settings.keys, operator, Conduct())
    assert (operator.sent, states(world)) == ([], ["prepared"] * 2)
    work(world, Operator())
    assert states(world) == ["paid"] * 2


# -- whose number it is ------------------------------------------------------------------------


@dataclass(slots=True)
class Knowing(Operator):
    """Knows which numbers are its own."""

    foreign: set[str] = field(default_factory=set)
    says_of_others: Reach = Reach.SERVED
    reached: list[str] = field(default_factory=list)

    def reach(self, phones: Sequence[str]) -> list[Reach]:
        self.reached += phones
        return [
            Reach.NOT_SERVED if phone in self.foreign else self.says_of_others for phone in phones
        ]


def february(world: World) -> None:
    """The next month has begun."""
    run = world.prepare("2011-02", day(62))
    with unit_of_work(world.tools.engine) as session:
        approve(session, "2011-02", run.sha256, BORIS)
        start(session, "2011-02")


def told(world: World) -> list[tuple[int, str]]:
    """Who was told what of payouts."""
    rows = world.query(
        "SELECT member_id, kind FROM notifications WHERE kind LIKE 'payout%' ORDER BY member_id"
    )
    return [tuple(row) for row in rows]


def test_a_number_is_asked_about_before_its_first_top_up(world: World, shop: Shop) -> None:
    theirs, foreign = on_the_list(world, shop, 2)
    due = world.balance(foreign)
    operator = Knowing(foreign={world.phone(foreign)})
    work(world, operator)
    assert sorted(operator.reached) == sorted(world.phone(one) for one in (theirs, foreign))
    assert operator.sent == ["payout:1"]
    (payout,) = world.query("SELECT state, reason FROM payouts WHERE member_id = :id", id=foreign)
    assert tuple(payout) == ("withheld", "number_not_served")
    assert world.balance(foreign) == due
    assert told(world) == [(theirs, "payout_paid"), (foreign, "payout_failed")]
    assert run_state(world, "2011-01") == "done"
    assert world.differences() == []


def test_one_that_is_known_is_not_asked_about_again_but_another_is(
    world: World, shop: Shop
) -> None:
    theirs, foreign = on_the_list(world, shop, 2)
    operator = Knowing(foreign={world.phone(foreign)})
    work(world, operator)
    operator.reached.clear()
    operator.foreign.clear()
    earns(world, shop, theirs, 20)
    february(world)
    work(world, operator)
    assert operator.reached == [world.phone(foreign)]
    assert states(world, "2011-02") == ["paid", "paid"]
    assert world.differences() == []


@dataclass(slots=True)
class Refusing(Knowing):
    """The number was its own when it was asked, and is no more."""

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        return [Answer(one.key, Outcome.FAILED, reason="number_ported") for one in batch]


def test_a_number_that_was_refused_is_asked_about_before_the_next_run(
    world: World, shop: Shop
) -> None:
    on_the_list(world, shop, 1)
    work(world, Refusing())
    assert states(world) == ["failed"]
    operator = Knowing()
    february(world)
    work(world, operator)
    assert len(operator.reached) == 1
    assert states(world, "2011-02") == ["paid"]
    assert world.differences() == []


def test_an_operator_that_does_not_tell_is_asked_once_and_paid_through(
    world: World, shop: Shop
) -> None:
    on_the_list(world, shop, 3)
    operator = Knowing(says_of_others=Reach.NOT_TOLD)
    work(world, operator)
    assert len(operator.reached) == 3
    assert states(world) == ["paid"] * 3


def test_two_workers_that_ask_at_once_do_no_harm(world: World, shop: Shop) -> None:
    on_the_list(world, shop, 6)
    operator = Knowing()
    world.watch(operator)
    tools = world.tools
    settle = partial(deliver, tools.engine, tools.settings.keys, operator, Conduct())
    assert raised(together(*(settle for _ in range(4)))) == []
    work(world, operator)
    assert sorted(operator.sent) == [f"payout:{number}" for number in range(1, 7)]
    assert states(world) == ["paid"] * 6
    assert world.differences() == []


# -- answers that know more than we do ---------------------------------------------------------


def guard_reason(world: World) -> str | None:
    (row,) = world.query("SELECT guard_reason FROM settlement_watch")
    return None if row.guard_reason is None else str(row.guard_reason)


@dataclass(slots=True)
class Conflicting(Operator):
    """Has other books than those that we remember."""

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        self.sent += [one.key for one in batch]
        return [Answer(one.key, Outcome.UNKNOWN, reason=KEY_CONFLICT) for one in batch]


def test_keys_that_it_knows_otherwise_let_nothing_more_be_sent(world: World, shop: Shop) -> None:
    on_the_list(world, shop, 4)
    numbers_are_known(world)
    operator = Conflicting()
    world.watch(operator)
    tools = world.tools
    two = Conduct(concurrency=1, rate=2)
    assert deliver(tools.engine, tools.settings.keys, operator, two)
    assert guard_reason(world) == "answers"
    world.change("UPDATE settlement_slots SET next_at = NULL")
    assert not deliver(tools.engine, tools.settings.keys, operator, two)
    assert (operator.sent, states(world)) == (
        ["payout:1", "payout:2"],
        ["unknown", "unknown", "prepared", "prepared"],
    )


@dataclass(slots=True)
class Early(Operator):
    """Paid it so long before the list was drawn up."""

    before: timedelta = timedelta(0)

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        at = day(31) - self.before
        return [Answer(one.key, Outcome.PAID, f"ref-{one.key}", paid_at=at) for one in batch]


@pytest.mark.parametrize(("minutes", "reason"), [(4, None), (6, "answers")])
def test_what_it_paid_before_there_was_a_list_is_a_sign_of_an_old_database(
    world: World, shop: Shop, minutes: int, reason: str | None
) -> None:
    member = world.member()
    earns(world, shop, member, 10)
    run = world.prepare("2011-01", day(31))
    assert run.as_of == day(31)
    started(world)
    numbers_are_known(world)
    operator = Early(before=timedelta(minutes=minutes))
    world.watch(operator)
    tools = world.tools
    deliver(tools.engine, tools.settings.keys, operator, Conduct())
    assert (states(world), guard_reason(world)) == (["paid"], reason)
