"""Whatever happens, reports of any moment are what plain Python makes of the same entries.

``make books-sweep`` plays many and longer games.
"""

import os

import pytest

from partners.receivables.funding import reckon
from tests.books.acts import ACTS
from tests.books.comparing import differences, question
from tests.books.members import is_sent
from tests.books.plain import Plain
from tests.books.shops import funding
from tests.books.table import Table, laid
from tests.stories.closing import documents
from tests.tracker.reports.pasts import is_recorded_long_ago, sums_up
from tests.world import World
from tracker.kit.clock import moscow_date
from tracker.kit.database import unit_of_work

_GAMES = int(os.environ.get("BOOKS_GAMES", "2"))
_COUNT = int(os.environ.get("BOOKS_ACTS", "100"))
_FIRST = int(os.environ.get("BOOKS_SEED", "1"))


@pytest.mark.parametrize("seed", range(_FIRST, _FIRST + _GAMES))
def test_reports_are_what_plain_python_makes_of_the_entries(world: World, seed: int) -> None:
    table = laid(world, seed)
    table.play(ACTS, _COUNT)
    is_sent(table)
    assert not world.differences()
    assert {period: documents(world, period) for period in table.closed} == table.closed
    assert _lent(table) == funding(world)
    told = list(_asked(table, 8))
    is_recorded_long_ago(world)
    for days in (table.dice.randint(1, 5), 100):
        sums_up(world, days)
        told += _asked(table, 8)
    assert not told, "\n".join(told[:10])


def _asked(table: Table, questions: int) -> list[str]:
    """What our reports tell otherwise, of so many questions."""
    plain = Plain(table.world)
    asked = [question(table.dice, plain, table.days) for _ in range(questions)]
    return [one for some in asked for one in differences(table.world, plain, some)]


def _lent(table: Table) -> dict[int, list[int]]:
    """What is lent to shops, as we reckon it."""
    today = moscow_date(table.now)
    with unit_of_work(table.world.tools.engine) as session:
        reckon(session, today)
    rows = table.world.query("SELECT * FROM shop_funding WHERE day = :day", day=today)
    return {row.shop_id: [row.paid_to_members, row.covered] for row in rows}
