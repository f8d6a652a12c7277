"""What was foretold of the real month, beside what it came to: minutes, so it is asked for (slow).

The file ends with December: whatever would have been bought or given back later is not in it, so
what is bought by the end of it is all there is; and people bought less and less before the feast,
which nobody could have told from its first half.
"""

from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import Engine, text

from sandbox.stack import Stack
from tests.oracle.real_data import REAL_INVOICES, needs_real_data
from tests.replay.running import finish, start
from tracker.forecast.making import House, make
from tracker.forecast.rules import Scope
from tracker.kit.clock import MOSCOW
from tracker.kit.database import make_engine, snapshot

pytestmark = [pytest.mark.slow, needs_real_data]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The books after the month and all that follows."""
    folder = tmp_path_factory.mktemp("stack")
    with Stack(folder, scheduler=False, environ={}) as stack:
        run = finish(start(REAL_INVOICES, "--url", stack.url, "--json", environ=stack.environ))
        assert run.summary["ledger_proof"] == "ok"
        engine = make_engine(stack.settings["DATABASE_URL"])
        yield engine
        engine.dispose()


def paid(engine: Engine) -> dict[str, int]:
    with snapshot(engine) as session:
        rows = session.execute(text("SELECT period, total FROM settlement_runs")).all()
    return {row.period: row.total for row in rows}


def foretold(engine: Engine, at: datetime) -> dict[tuple[Scope, str], tuple[int, int, int]]:
    made = make(engine, House(100, None, 4, lambda _: {}), at, 1)
    return {(one.scope, one.period): (one.p10, one.p50, one.p90) for one in made.costs}


def test_from_the_end_of_the_month_the_next_1sts_are_foretold(replayed: Engine) -> None:
    told = foretold(replayed, datetime(2010, 12, 31, 20, tzinfo=MOSCOW))
    truth = paid(replayed)
    periods = ("2011-01", "2011-02", "2011-03")
    for period in periods:
        low, middle, high = told[Scope.BOUGHT, period]
        assert low <= truth[period] <= high, period
        assert middle == pytest.approx(truth[period], rel=0.05), period
    _, middle, _ = told[Scope.BOUGHT, "all"]
    assert middle == pytest.approx(sum(truth[period] for period in periods), rel=0.05)


def test_from_its_middle_what_is_bought_by_then_is_less_than_what_it_came_to(
    replayed: Engine,
) -> None:
    told = foretold(replayed, datetime(2010, 12, 16, tzinfo=MOSCOW))
    truth = paid(replayed)
    for period in ("2011-01", "2011-02", "2011-03"):
        assert told[Scope.BOUGHT, period][2] < truth[period] < told[Scope.EVERYTHING, period][1]
