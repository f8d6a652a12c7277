"""What comes at the last moment: a finding as a run is closed, a line as a list is sealed."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.races.held import somebody_waits, wait_until
from tests.stories.bookkeeping import DUE, PERIOD, compare, three_due
from tests.stories.months import earns, started
from tests.stories.operators import Operator, run_state, states, work
from tests.world import World, day
from tracker.kit.database import unit_of_work
from tracker.reconciliation.rules import RunNotExplained
from tracker.reconciliation.service import close
from tracker.reconciliation.told import Hint, take_answers, take_hints
from tracker.settlement.ports import Answer, Outcome
from tracker.settlement.rules import Conduct

LINE = text("INSERT INTO payouts (period, member_id, number_id, amount) VALUES (:p, :m, :n, 5000)")
PIECE = text("""
    INSERT INTO sealed_chunks (period, place, first_member, last_member, lines, total, body)
    VALUES (:p, 9, :m, :m, 1, 5000, :m || ' ' || :n || ' 5000' || chr(10))
""")


def tell(session: Session, way: str) -> None:
    """The operator takes back that it has paid."""
    if way == "hint":
        take_hints(session, [Hint("payout:1", Outcome.FAILED, DUE)])
    else:
        answer = Answer("payout:1", Outcome.FAILED)
        take_answers(session, [answer], {answer.key: DUE}, Conduct())


@pytest.mark.parametrize("way", ["hint", "answer"])
def test_a_run_is_not_closed_while_a_finding_is_being_opened(world: World, way: str) -> None:
    operator = three_due(world)
    work(world, operator)
    compare(world, operator)
    world.change("UPDATE settlement_runs SET state = 'done', closed_at = NULL")
    errors: list[Exception] = []

    def try_to_close() -> None:
        try:
            with unit_of_work(world.tools.engine) as session:
                close(session, PERIOD, "boris")
        except RunNotExplained as error:
            errors.append(error)

    closing = threading.Thread(target=try_to_close)
    with unit_of_work(world.tools.engine) as session:
        tell(session, way)
        closing.start()
        wait_until(lambda: somebody_waits(world))
    closing.join(30)
    assert "1 findings are not explained" in str(errors[0])
    assert run_state(world, PERIOD) == "done"


@pytest.fixture
def given(world: World) -> dict[str, object]:
    """A line for a member who has nothing, and another who has 210.00 and will be on the list."""
    one, other = world.members(2)
    earns(world, world.shop(cashback=1000), one, 10)
    (number,) = world.query("SELECT id FROM numbers WHERE member_id = :m", m=other)
    return {"p": PERIOD, "m": other, "n": number.id}


def put_in(session: Session, given: dict[str, object]) -> None:
    session.execute(LINE, given)
    session.execute(PIECE, given)


def see_one_paid(world: World) -> None:
    started(world)
    operator = Operator()
    work(world, operator)
    assert (states(world), len(operator.paid)) == (["paid"], 1)
    assert world.differences() == []


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_a_line_put_in_before_the_list_is_drawn_up_fails(
    world: World, given: dict[str, object], isolation: str
) -> None:
    preparing = threading.Thread(target=world.prepare, args=(PERIOD, day(31)))
    late = Session(world.tools.engine.execution_options(isolation_level=isolation))
    with late:
        put_in(late, given)
        preparing.start()
        wait_until(lambda: somebody_waits(world))
        with pytest.raises(IntegrityError, match="fk_payouts_period"):
            late.commit()
    preparing.join(30)
    see_one_paid(world)


@pytest.mark.parametrize(
    ("isolation", "why"),
    [("READ COMMITTED", "takes no further line"), ("REPEATABLE READ", "fk_payouts_period")],
)
def test_a_line_put_in_by_who_began_before_the_list_was_drawn_up_fails(
    world: World, given: dict[str, object], isolation: str, why: str
) -> None:
    with Session(world.tools.engine.execution_options(isolation_level=isolation)) as late:
        late.execute(text("SELECT count(*) FROM settlement_runs"))
        world.prepare(PERIOD, day(31))
        with pytest.raises(IntegrityError, match=why):
            put_in_and_commit(late, given)
    see_one_paid(world)


def put_in_and_commit(session: Session, given: dict[str, object]) -> None:
    put_in(session, given)
    session.commit()
