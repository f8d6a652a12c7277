"""People and workers at the same statement at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from partners.reconciliation.claims import claim
from partners.reconciliation.rules import Decision, StatementNotReady
from partners.reconciliation.service import File, take
from partners.reconciliation.working import work
from tests.partners.reconciliation.conftest import DAYS, Desk
from tests.world import day
from tracker.kit.database import unit_of_work

RAW = b"order,day,sum,status,commission,click\nA-1,2010-12-01,900,open,,\n"


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """All of them, from one moment on; an error is its outcome."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return act()
        except StatementNotReady as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_one_file_sent_by_many_is_one_statement(desk: Desk) -> None:
    tools = desk.world.tools

    def send() -> int:
        with unit_of_work(tools.engine) as session:
            file = File("f", DAYS)
            keys = tools.settings.keys
            return take(session, keys, desk.shop.id, file, raw=RAW, who="anna").id

    assert len(set(at_once(*[send] * 6))) == 1
    states = desk.world.query("SELECT state FROM shop_statements")
    assert [one.state for one in states].count("waiting") == 1
    held = desk.world.query("SELECT FROM shop_statement_parts WHERE sealed IS NOT NULL")
    assert len(held) == 1


def test_one_worker_has_it_in_hand(desk: Desk) -> None:
    desk.sends_raw(RAW)
    desk.world.change("UPDATE shop_statements SET state = 'read'")

    def take_it() -> Any:
        with unit_of_work(desk.world.tools.engine) as session:
            return claim(session)

    assert sum(found is not None for found in at_once(*[take_it] * 4)) == 1


def test_decided_by_two_and_booked_by_many_it_is_booked_once(desk: Desk) -> None:
    tools, world = desk.world.tools, desk.world
    member = world.member()
    click = world.click(member, desk.shop, day(0))
    rows = [(f"B-{n}", "2010-12-01", "10", "confirmed", "", click) for n in range(60)]
    statement = desk.sends(*rows)

    def decide() -> Any:
        return desk.decides(statement, Decision.THEIRS)

    def book() -> Any:
        while work(tools.engine, tools.settings.keys, world.programme):
            pass

    said = at_once(decide, decide, book, book)
    decided = [one.findings for one in said[:2] if not isinstance(one, StatementNotReady)]
    assert sum(decided) == 60
    at_once(book, book, book, lambda: desk.matches_again(statement))
    desk.works()
    assert {one[3] for one in desk.found()} == {"booked"}
    assert world.balance(member).available == 60 * 100 + 20_000
    assert not world.differences()
