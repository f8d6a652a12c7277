"""The examples on the registries page are what the adapter writes and reads."""

from datetime import date
from pathlib import Path

from tests.docs.pages import blocks, page, table
from tracker.gateways.doubts import Doubt
from tracker.gateways.registry import FOLDERS, RegistryBilling
from tracker.settlement.ports import Outcome, TopUp

PAGE = page("registries.md")
BATCH = [TopUp("payout:1", "+79000000001", 15_000), TopUp("payout:2", "+79990000001", 700)]


def test_the_examples_are_written_and_read(tmp_path: Path) -> None:
    for name in FOLDERS:
        (tmp_path / name).mkdir()
    registry, acknowledgement, statement = [
        one.text for one in blocks(PAGE) if one.text.startswith("key,")
    ]
    billing = RegistryBilling(tmp_path, 5)
    assert {answer.outcome for answer in billing.submit(BATCH)} == {Outcome.ACCEPTED}
    (put_out,) = (tmp_path / "out").iterdir()
    assert put_out.read_text() == registry
    (tmp_path / "in" / "ack-1.csv").write_text(acknowledgement)
    (told,) = billing.told()
    assert [one.outcome for one in told.answers] == [Outcome.PAID, Outcome.FAILED]
    told.taken()
    assert billing.query(BATCH[0]) == told.answers[0]
    (tmp_path / "in" / "statement-2011-01-01.csv").write_text(statement)
    (line,) = billing.statement(date(2011, 1, 1))
    assert (line.key, line.phone, line.amount) == ("payout:1", "+79000000001", 15_000)


def test_the_folders_are_these() -> None:
    told = {row["folder"].strip("`/") for row in table(PAGE, "Registries").rows}
    assert told == set(FOLDERS)


def test_the_reasons_of_both_ways_are_told() -> None:
    protocol = page("billing-protocol.md")
    assert {one for one in Doubt if f"`{one}`" not in PAGE + protocol} == set()
