"""What a hostile or a clumsy operator may put into the folder, and tell at our door."""

import os
import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.stories.bookkeeping import Bookkeeper
from tests.stories.months import earns, started
from tests.stories.operators import states
from tests.stories.test_callbacks import call, calling, result
from tests.stories.test_registries import root, work
from tests.tracker.gateways.registries import (
    AT,
    STATED,
    acknowledge,
    billing,
    failed,
    names,
    paid,
    to,
    whole,
)
from tests.world import World
from tracker.kit.clock import moscow_date
from tracker.reconciliation.told import ALIKE, STRANGERS
from tracker.reconciliation.watching import compare_day
from tracker.settlement.ports import GatewayUnavailable, StatementLine, Told

__all__ = ["calling", "root"]

DIGITS = "9000000077"
PHONE = f"+7{DIGITS}"
_WHEN = 10**18


def told(folder: Path) -> list[Told]:
    return list(billing(folder).told())


def bad_file(folder: Path) -> None:
    path = folder / "in" / "ack-a.csv"
    path.write_bytes(b"nonsense\nEND,x\n")
    os.utime(path, ns=(_WHEN, _WHEN))


def one_due(world: World) -> int:
    """A member with a payout on the started list; kopecks."""
    earns(world, world.shop(cashback=1000), world.member(), 10)
    started(world)
    return int(world.query("SELECT amount FROM payouts")[0].amount)


def test_a_link_has_no_file_of_ours_overwritten(root: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    bad_file(root)
    (root / "in" / "refused").mkdir()
    (root / "in" / "refused" / f"ack-a~{_WHEN}.csv.reason.txt").symlink_to(victim)
    assert told(root) == []
    assert victim.read_text() == "precious"


def test_a_linked_folder_is_not_gone_into(root: Path) -> None:
    bad_file(root)
    (root / "in" / "refused").symlink_to(root / "sent")
    assert told(root) == []
    assert [name for name in names(root / "sent") if name.startswith("ack")] == []


def test_a_file_that_cannot_be_laid_aside_holds_up_no_other(root: Path) -> None:
    (root / "in" / "refused").write_text("no folder")
    bad_file(root)
    acknowledge(root, "ack-b.csv", [paid(to(1))], to(1).amount)
    assert len(told(root)) == 1


@pytest.mark.parametrize(
    "line",
    [
        f"{PHONE},paid,150.00,R1,,{AT}",
        f"7{DIGITS},paid,150.00,R1,,x",
        f"payout:1,{PHONE},150.00,R1,,{AT}",
        f"payout:1,paid,150.00,R1,,{PHONE}",
        f"payout:1,paid,{PHONE},R1,,{AT}",
        f"payout:1,paid,150.00,R1,{PHONE},{AT}",
    ],
)
def test_numbers_in_the_wrong_column_come_into_no_log(root: Path, line: str) -> None:
    acknowledge(root, "ack-a.csv", [line], 15_000)
    with capture_logs() as logs:
        told(root)
    reasons = [path.read_text() for path in (root / "in").glob("refused/*.txt")]
    assert reasons
    assert DIGITS not in repr(logs) + "".join(reasons)


def test_nor_do_those_of_statements(root: Path) -> None:
    line = f"{PHONE},payout:1,150.00,R1,{AT}"
    (root / "in" / "statement-2011-01-01.csv").write_bytes(whole(STATED, [line, line], 30_000))
    with pytest.raises(GatewayUnavailable) as raised:
        list(billing(root).statement(date(2011, 1, 1)))
    assert DIGITS not in str(raised.value)


def test_a_file_that_says_two_things_of_one_key_is_refused(world: World, root: Path) -> None:
    amount = one_due(world)
    gateway = billing(root)
    work(world, gateway)
    acknowledge(root, "ack-z.csv", [failed(to(1, amount)), paid(to(1, amount))], amount * 2)
    work(world, gateway)
    assert states(world) == ["submitted"]
    assert [name for name in names(root / "in" / "refused") if name.endswith(".csv")]


@pytest.mark.parametrize("offset", ["+16:00", "-23:59", "+15:59:59"])
def test_an_offset_that_no_clock_has_is_refused(root: Path, offset: str) -> None:
    line = f"payout:1,paid,150.00,R1,,2011-01-01T00:00:05{offset}"
    acknowledge(root, "ack-a.csv", [line], 15_000)
    assert told(root) == []
    assert names(root / "in" / "refused")


def test_a_word_on_one_that_was_never_sent_stops_no_watch(world: World, root: Path) -> None:
    """As after a restore: a statement shows its number, paid otherwise under another key."""
    amount = one_due(world)
    gateway, now = billing(root), datetime.now(UTC)
    line = f"payout:77,{world.phone(1)},5.00,R77,{now.isoformat()}"
    name = f"statement-{moscow_date(now)}.csv"
    (root / "in" / name).write_bytes(whole(STATED, [line], 500))
    work(world, gateway)
    assert states(world) == ["with_staff"]
    acknowledge(root, "ack-a.csv", [failed(to(1, amount))], amount)
    work(world, gateway)
    assert states(world) == ["with_staff"]
    acknowledge(root, "ack-b.csv", [paid(to(1, amount))], amount)
    work(world, gateway)
    assert states(world) == ["paid"]
    assert world.differences() == []


def test_keys_of_strangers_do_not_bury_the_findings(calling: World) -> None:
    for batch in range(3):
        answer = call(calling, *[result(f"x{batch}-{number}") for number in range(300)])
        assert answer.status_code == 204
    (found,) = calling.query("SELECT count(*) FROM settlement_findings")
    assert found.count == STRANGERS


def test_nor_does_one_word_under_ever_other_references(calling: World) -> None:
    call(calling, *[result(reference=f"R{number}") for number in range(300)])
    call(calling, result("payout:2", "failed"))
    found = calling.query("SELECT key, count(*) FROM settlement_findings GROUP BY key ORDER BY key")
    assert [tuple(row) for row in found] == [("payout:1", ALIKE), ("payout:2", 1)]


def test_a_number_in_place_of_a_key_is_not_kept(calling: World) -> None:
    call(calling, result(PHONE, reference="R1"))
    now = datetime.now(UTC)
    operator = Bookkeeper()
    operator.added = [StatementLine(PHONE, "payout:1", 500, "R2", now)]
    compare_day(calling.watch_of(operator), moscow_date(now))
    kept = calling.query(
        "SELECT key FROM settlement_findings UNION ALL SELECT key FROM statement_lines"
    )
    assert [row.key for row in kept] == ["+7900*****77"] * 3


def test_callbacks_in_opposite_orders_wait_for_nobody_in_a_circle(calling: World) -> None:
    keys = [f"payout:{number}" for number in range(100, 500)]
    codes: list[int] = []

    def tell(order: list[str]) -> None:
        codes.append(call(calling, *[result(key) for key in order]).status_code)

    threads = [threading.Thread(target=tell, args=(one,)) for one in (keys, keys[::-1]) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert codes == [204] * 4
