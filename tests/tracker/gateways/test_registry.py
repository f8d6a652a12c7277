"""Registries: what is put out, once; what comes back, whole; and nothing lost in between."""

import os
import stat
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.tracker.gateways.registries import (
    AT,
    STATED,
    acknowledge,
    billing,
    failed,
    folder,
    names,
    paid,
    to,
    whole,
)
from tracker.gateways.registry_files import registry_of
from tracker.gateways.registry_journal import Journal
from tracker.kit import failpoints
from tracker.settlement.ports import Answer, GatewayUnavailable, Outcome, Reach, TopUp

ONE, TWO, THREE = to(1), to(2, 700), to(3, 1)
PAID_AT = datetime(2010, 12, 31, 21, 0, 5, tzinfo=UTC)
DAY = date(2011, 1, 1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return folder(tmp_path / "registries")


def accepted(*batch: TopUp) -> list[Answer]:
    return [Answer(one.key, Outcome.ACCEPTED) for one in batch]


def unknown(reason: str, *batch: TopUp) -> list[Answer]:
    return [Answer(one.key, Outcome.UNKNOWN, reason=reason) for one in batch]


def test_a_registry_is_put_out_and_journaled(root: Path) -> None:
    assert billing(root).submit([ONE, TWO]) == accepted(ONE, TWO)
    (name,) = names(root / "out")
    assert name.startswith("topups-1-2-")
    text = (root / "out" / name).read_text()
    assert text.startswith(
        "key,phone,amount\npayout:1,+79000000001,150.00\npayout:2,+79000000001,7.00\nEND,2,157.00,"
    )
    assert (root / "sent" / name).read_text() == text
    for place in ("out", "sent"):
        assert stat.S_IMODE((root / place / name).stat().st_mode) == 0o640


def test_handing_over_again_puts_out_nothing_again(root: Path) -> None:
    billing(root).submit([ONE, TWO])
    (name,) = names(root / "out")
    (root / "out" / name).unlink()  # the operator has taken it
    assert billing(root).submit([ONE, TWO]) == accepted(ONE, TWO)
    assert billing(root).submit([TWO]) == accepted(TWO)
    assert names(root / "out") == []
    assert billing(root).submit([TWO, THREE]) == accepted(TWO, THREE)
    (second,) = names(root / "out")
    assert "payout:2" not in (root / "out" / second).read_text()


@pytest.mark.parametrize("other", [to(2, 701), to(2, 700, "+79000000009")])
def test_another_sum_or_number_under_a_key_is_a_conflict(root: Path, other: TopUp) -> None:
    billing(root).submit([ONE, TWO])
    assert billing(root).submit([THREE, other]) == unknown("key_conflict", THREE, other)
    assert billing(root).query(THREE).outcome is Outcome.NOT_FOUND
    assert billing(root).query(to(2, 701)) == unknown("key_conflict", TWO)[0]


@pytest.mark.parametrize(
    "batch",
    [
        [ONE, ONE],
        [to(n) for n in range(1, 1002)],
        [to(1, phone="+7900,000")],
        [to(1, phone="")],
        [to(1, amount=0)],
        [TopUp("payout:1\nEND", "+79000000001", 1)],
    ],
)
def test_what_no_registry_can_hold_is_our_mistake(root: Path, batch: list[TopUp]) -> None:
    with pytest.raises(ValueError, match=r"its own key|cannot be written"):
        billing(root).submit(batch)
    assert names(root / "sent") == []


def test_what_was_never_put_out_is_not_found(root: Path) -> None:
    billing(root).submit([ONE, THREE])
    assert billing(root).query(TWO) == Answer(TWO.key, Outcome.NOT_FOUND)
    assert billing(root).query(TopUp("no:number", "", 1)).outcome is Outcome.NOT_FOUND
    assert billing(root).query(THREE) == accepted(THREE)[0]


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("point", ["registry.written", "registry.journaled", "registry.put_out"])
def test_a_crash_at_any_step_is_seen_for_what_it_was(root: Path, point: str) -> None:
    def crash(reached: str) -> None:
        if reached == point:
            raise Killed

    failpoints.install(crash)
    try:
        with pytest.raises(Killed):
            billing(root).submit([ONE, TWO])
    finally:
        failpoints.install(None)
    sent = point == "registry.put_out"
    assert billing(root).query(ONE).outcome is (Outcome.ACCEPTED if sent else Outcome.NOT_FOUND)
    # Only what is asked for anew is put out: the other may be decided otherwise by now.
    assert billing(root).submit([ONE]) == accepted(ONE)
    (name,) = names(root / "out")
    assert names(root / "sent") == [name]
    assert (TWO.key in (root / "out" / name).read_text()) is sent
    assert billing(root).query(TWO).outcome is (Outcome.ACCEPTED if sent else Outcome.NOT_FOUND)


def test_a_torn_part_is_no_registry(root: Path) -> None:
    name, content = registry_of([ONE])
    (root / "out" / f"{name}.part").write_bytes(content[:20])
    (root / "sent" / f"{name}.part").write_bytes(content[:20])
    assert billing(root).query(ONE).outcome is Outcome.NOT_FOUND
    assert billing(root).submit([ONE]) == accepted(ONE)
    assert (root / "out" / name).read_bytes() == content


def test_a_folder_that_is_not_there_never_says_not_found(root: Path) -> None:
    billing(root).submit([ONE])
    (root / "sent").rename(root / "away")
    assert not billing(root).ready()
    assert billing(root).submit([TWO]) == unknown("folder_missing", TWO)
    assert billing(root).query(ONE) == unknown("folder_missing", ONE)[0]
    (root / "away").rename(root / "sent")
    assert billing(root).ready()
    assert billing(root).query(ONE) == accepted(ONE)[0]


def test_a_file_system_that_refuses_leaves_nothing_behind(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert billing(root).submit([ONE]) == unknown("not_written", ONE)
    monkeypatch.undo()
    assert (names(root / "out"), names(root / "sent")) == ([], [])
    assert billing(root).query(ONE).outcome is Outcome.NOT_FOUND


def test_a_journal_that_somebody_changed_is_not_believed(root: Path) -> None:
    billing(root).submit([ONE])
    (name,) = names(root / "sent")
    text = (root / "sent" / name).read_text()
    (root / "sent" / name).write_text(text.replace("150.00", "150.01"))
    assert billing(root).query(ONE) == unknown("journal_unreadable", ONE)[0]
    assert billing(root).submit([ONE]) == unknown("journal_unreadable", ONE)


def test_workers_at_once_put_out_each_key_once(root: Path) -> None:
    batches = [[to(n) for n in range(start, start + 40)] for start in range(0, 100, 10)]
    start = threading.Barrier(len(batches))
    said: list[list[Answer]] = []

    def hand_over(batch: list[TopUp]) -> None:
        worker = billing(root, patience=20)
        start.wait()
        said.append(worker.submit(batch))

    workers = [threading.Thread(target=hand_over, args=(batch,)) for batch in batches]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert {answer.outcome for answers in said for answer in answers} == {Outcome.ACCEPTED}
    lines = [
        line
        for name in names(root / "out")
        for line in (root / "out" / name).read_text().splitlines()
        if line.startswith("payout:")
    ]
    assert len(lines) == len(set(lines)) == 130


def test_who_waits_too_long_for_others_has_sent_nothing(root: Path) -> None:
    with Journal(root, 1).held():
        assert billing(root, patience=0.1).submit([ONE]) == unknown("timeout", ONE)
    assert billing(root).query(ONE).outcome is Outcome.NOT_FOUND
    assert billing(root).submit([ONE]) == accepted(ONE)


def test_numbers_are_not_told(root: Path) -> None:
    assert billing(root).reach(["+79000000001"] * 2) == [Reach.NOT_TOLD] * 2


def test_an_acknowledgement_is_told_until_it_is_taken(root: Path) -> None:
    gateway = billing(root)
    gateway.submit([ONE, TWO])
    acknowledge(root, "ack-1.csv", [paid(ONE, "T1"), failed(TWO)], 15_700)
    expected = [
        Answer(ONE.key, Outcome.PAID, reference="T1", paid_at=PAID_AT),
        Answer(TWO.key, Outcome.FAILED, reason="number_closed"),
    ]
    for _ in range(2):
        (told,) = gateway.told()
        assert (told.answers, told.amounts) == (expected, {ONE.key: 15_000, TWO.key: 700})
    assert gateway.query(ONE) == accepted(ONE)[0]
    told.taken()
    told.taken()  # as another worker does, who has read it too
    assert list(gateway.told()) == []
    assert [gateway.query(ONE), gateway.query(TWO)] == expected
    assert gateway.query(to(1, 1)) == unknown("other_amount", ONE)[0]


def test_words_that_contradict_are_no_answer(root: Path) -> None:
    gateway = billing(root)
    gateway.submit([ONE])
    for name, line in (("ack-1.csv", paid(ONE)), ("ack-2.csv", failed(ONE))):
        acknowledge(root, name, [line], 15_000)
        for told in gateway.told():
            told.taken()
    assert gateway.query(ONE) == unknown("inconsistent", ONE)[0]


def test_a_file_that_names_a_key_twice_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.gateways.registry_inbox._KEYS_AT_ONCE", 2)
    others = [paid(to(number, 100)) for number in range(3, 10)]
    acknowledge(root, "ack-1.csv", [paid(ONE), *others, failed(ONE)], 30_700)
    acknowledge(root, "ack-2.csv", others, 700)
    (told,) = billing(root).told()
    assert len(told.answers) == len(others)
    (why,) = (root / "in" / "refused").glob("*.reason.txt")
    assert why.read_text() == "line 10 names a key again\n"


def test_a_statement_is_read_in_order(root: Path) -> None:
    lines = [f"payout:1,+79000000001,150.00,{name},{AT}" for name in ("T1", "T2")]
    (root / "in" / "statement-2011-01-01.csv").write_bytes(whole(STATED, lines, 30_000))
    assert [line.reference for line in billing(root).statement(DAY)] == ["T1", "T2"]
    with pytest.raises(GatewayUnavailable, match="yet"):
        list(billing(root).statement(DAY + timedelta(days=1)))


@pytest.mark.parametrize(
    ("lines", "total", "cut"),
    [
        (["payout:1,+79000000001,150.00,T1," + AT], 15_001, 0),
        (["payout:1,+79000000001,150.00,T1," + AT], 15_000, 1),
        (["payout:1,+79000000001,150.00,T1," + AT], 15_000, 90),
        (["payout:1,+79000000001,150.00,T1,2011-01-02T00:00:00+03:00"], 15_000, 0),
        (["payout:1,+79000000001,150.00,T1,today"], 15_000, 0),
        ([f"payout:{n},+79000000001,1.00,T{n},{AT}" for n in (2, 1)], 200, 0),
        ([f"payout:1,+79000000001,1.00,T1,{AT}"] * 2, 200, 0),
    ],
)
def test_a_statement_that_does_not_hold_together_is_refused(
    root: Path, lines: list[str], total: int, cut: int
) -> None:
    content = whole(STATED, lines, total)
    (root / "in" / "statement-2011-01-01.csv").write_bytes(content[: len(content) - cut])
    with pytest.raises(GatewayUnavailable):
        list(billing(root).statement(DAY))
