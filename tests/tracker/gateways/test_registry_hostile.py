"""What an operator may put into the folder, by mistake or not; and files of any length."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from structlog.testing import CapturingLogger

import tracker
from tests.tracker.gateways.registries import (
    ACKNOWLEDGED,
    AT,
    acknowledge,
    billing,
    failed,
    folder,
    names,
    paid,
    to,
    whole,
)
from tracker.settlement.ports import Answer, GatewayUnavailable, Outcome

ONE, TWO = to(1), to(2, 700)
GOOD = whole(ACKNOWLEDGED, [paid(ONE), failed(TWO)], 15_700)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return folder(tmp_path / "registries")


def put(root: Path, content: bytes, name: str = "ack-1.csv") -> Path:
    path = root / "in" / name
    path.write_bytes(content)
    return path


def reason(root: Path) -> str:
    (aside,) = [one for one in names(root / "in" / "refused") if one.endswith(".reason.txt")]
    return (root / "in" / "refused" / aside).read_text()


def lines(*rows: str, total: int = 15_000) -> bytes:
    return whole(ACKNOWLEDGED, rows, total)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lines(paid(ONE), total=15_001), "15001 kopecks, the lines come to 15000"),
        (GOOD.replace(b"END,2,", b"END,3,"), "3 lines, the lines come to 2"),
        (GOOD.replace(b"number_closed", b"number_closes"), "SHA-256"),
        (GOOD.replace(b"END,2,157.00,", b"END,2,157,0,"), "the trailer is not"),
        (GOOD.replace(b"END,2,157.00,", b"END,2,99999999999999.00,"), "trailer: not a sum"),
        (GOOD + GOOD, "something follows the trailer"),
        (b"\xef\xbb\xbf" + GOOD, "line 1"),
        (GOOD.replace(b",reason,", b",why,"), "line 1: the names"),
        (whole("key,status,amount,reference,reason,at,fee", [], 0), "line 1: 6 fields"),
        (
            b"END,0,0.00,e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
            "line 1",
        ),
        (lines("payout:1,paid,150.00,T1,"), "line 2: 6 fields"),
        (lines('"payout:1",paid,150.00,T1,,' + AT), "is no key"),
        (lines("payout:1,paid,150.00,T1,,2011-01-01T00:00:05"), "malformed"),
        (lines("payout:1,paid,150.00,,," + AT), "malformed"),
        (lines("payout:1,paid,150.00,T1,late," + AT), "malformed"),
        (lines("payout:1,failed,150.00,,,"), "malformed"),
        (lines("payout:1,failed,150.00,T1,number_closed,"), "malformed"),
        (lines("payout:1,perhaps,150.00,,,"), "malformed"),
        (lines("payout:1,not_found,150.00,,,"), "malformed"),
        (lines("payout:1,accepted,150.00,T1,,"), "malformed"),
        (lines("payout:1,paid,1.5e2,T1,," + AT), "line 2: not a sum"),
        (lines("payout:1,paid,-150.00,T1,," + AT), "line 2: not a sum"),
        (lines("=cmd|' /C calc'!A0,paid,150.00,T1,," + AT), "is no key"),
        (lines(f"payout:1,paid,150.00,{'T' * 65},,{AT}"), "malformed"),
        (lines(f"payout:1,paid,150.00,{'T' * 2000},,{AT}"), "longer than 1024 bytes"),
        (lines("выплата,paid,150.00,T1,," + AT), "not ASCII"),
        (lines("payout:1\0,paid,150.00,T1,," + AT), "is no key"),
    ],
)
def test_what_is_not_the_format_is_laid_aside_with_the_reason(
    root: Path, content: bytes, why: str
) -> None:
    put(root, content)
    assert list(billing(root).told()) == []
    assert names(root / "in") == ["refused"]
    assert why in reason(root)
    (aside,) = [one for one in (root / "in" / "refused").iterdir() if one.suffix == ".csv"]
    assert aside.read_bytes() == content
    assert list(billing(root).told()) == []


def test_one_bad_file_holds_up_no_other(root: Path) -> None:
    put(root, lines(paid(ONE), total=1), "ack-1.csv")
    put(root, GOOD, "ack-2.csv")
    put(root, lines(paid(ONE), total=1), "ack-3.csv")
    assert [len(told.answers) for told in billing(root).told()] == [2]
    assert len(names(root / "in" / "refused")) == 4


@pytest.mark.parametrize("cut", range(1, len(GOOD), 7))
def test_a_truncated_file_is_waited_for(root: Path, cut: int) -> None:
    path = put(root, GOOD[:cut])
    assert list(billing(root).told()) == []
    assert names(root / "in") == ["ack-1.csv"]
    with path.open("ab") as file:  # and goes on being written
        file.write(GOOD[cut:])
    (told,) = billing(root).told()
    assert len(told.answers) == 2


def test_a_file_that_stays_cut_off_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = CapturingLogger()
    monkeypatch.setattr("tracker.gateways.registry_inbox._LOG", told)
    path = put(root, GOOD[:-1])
    os.utime(path, (time.time() - 4000,) * 2)
    assert list(billing(root).told()) == []
    assert [(call.method_name, call.args) for call in told.calls] == [
        ("warning", ("registry_not_whole",))
    ]


def test_lines_may_end_as_on_windows(root: Path) -> None:
    body, _, _ = GOOD.partition(b"END")
    crlf = whole("\r\n".join(body.decode().splitlines()) + "\r", [], 0)
    content = crlf.replace(b"END,0,0.00", b"END,2,157.00")
    put(root, content[:-1] + b"\r\n")
    (told,) = billing(root).told()
    assert [answer.outcome for answer in told.answers] == [Outcome.PAID, Outcome.FAILED]
    told.taken()
    assert billing(root).query(TWO) == Answer(TWO.key, Outcome.FAILED, reason="number_closed")


def test_an_empty_acknowledgement_is_taken(root: Path) -> None:
    acknowledge(root, "ack-1.csv", [], 0)
    assert list(billing(root).told()) == []
    assert (names(root / "in"), len(names(root / "taken"))) == ([], 1)


@pytest.mark.parametrize(
    "name",
    ["ack-1.csv.part", "ответ 1.csv", "ack 1.csv", "-rf", "ack-\n.csv", "ack-1.CSV", "ack-.csv"],
)
def test_other_names_are_left_alone(root: Path, name: str) -> None:
    put(root, GOOD, name)
    assert list(billing(root).told()) == []
    assert names(root / "in") == [name]


def test_a_name_that_is_no_text_is_left_alone(root: Path) -> None:
    name = os.fsdecode(b"ack-\xff.csv")
    put(root, GOOD, name)
    assert list(billing(root).told()) == []
    assert names(root / "in") == [name]


def test_a_file_without_rights_holds_up_no_other(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, GOOD, "ack-1.csv")
    put(root, GOOD, "ack-2.csv")
    real = os.open

    def refusing(path: Path, *how: int) -> int:
        if Path(path).name == "ack-1.csv":
            raise PermissionError(13, "Permission denied")
        return real(path, *how)

    monkeypatch.setattr(os, "open", refusing)
    assert len(list(billing(root).told())) == 1
    assert names(root / "in") == ["ack-1.csv", "ack-2.csv"]


@pytest.mark.parametrize(
    "make",
    [
        os.mkfifo,
        lambda path: path.mkdir(),
        lambda path: path.symlink_to("/etc/passwd"),
    ],
)
def test_what_is_no_plain_file_is_laid_aside_unread(
    root: Path, make: Callable[[Path], None]
) -> None:
    make(root / "in" / "ack-1.csv")
    assert list(billing(root).told()) == []
    assert "not a plain file" in reason(root)
    assert "root" not in reason(root)


def test_the_same_name_again_overwrites_nothing(root: Path) -> None:
    gateway = billing(root)
    for one in (ONE, TWO):
        acknowledge(root, "ack-1.csv", [paid(one)], one.amount)
        (told,) = gateway.told()
        told.taken()
    assert len(names(root / "taken")) == 2
    assert {gateway.query(one).outcome for one in (ONE, TWO)} == {Outcome.PAID}
    for number in range(2):
        put(root, lines(paid(ONE), total=number))
        list(gateway.told())
        time.sleep(0.002)
    assert len(names(root / "in" / "refused")) == 4


def test_a_file_that_was_replaced_while_it_was_read_is_not_taken_away(root: Path) -> None:
    acknowledge(root, "ack-1.csv", [paid(ONE)], ONE.amount)
    (told,) = billing(root).told()
    acknowledge(root, "ack-1.csv", [paid(TWO)], TWO.amount)
    told.taken()
    assert (names(root / "in"), names(root / "taken")) == (["ack-1.csv"], [])
    (told,) = billing(root).told()
    assert told.answers[0].key == TWO.key


def test_a_file_that_is_changed_while_it_is_read_tells_nothing_further(root: Path) -> None:
    many = [to(number, 100) for number in range(1, 1501)]
    path = acknowledge(root, "ack-1.csv", [paid(one) for one in many], 150_000)
    told = billing(root).told()
    next(told)
    with path.open("ab") as file:
        file.write(b"END\n")
    with pytest.raises(GatewayUnavailable, match="changed"):
        next(told)
    assert names(root / "in") == ["ack-1.csv"]


def test_a_folder_that_cannot_be_read_is_unavailable(root: Path) -> None:
    (root / "in").rmdir()
    with pytest.raises(GatewayUnavailable):
        list(billing(root).told())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=3), st.integers(0, 3))
@example(0, b"", 0)
def test_no_changed_file_is_taken_for_another_word(
    tmp_path_factory: pytest.TempPathFactory, at: int, scrap: bytes, gone: int
) -> None:
    root = folder(tmp_path_factory.mktemp("registries"))
    content = GOOD[:at] + scrap + GOOD[at + gone :]
    put(root, content)
    told = [answer for packet in billing(root).told() for answer in packet.answers]
    # Nothing, or all that stood there: carriage returns before line feeds are the only freedom.
    assert told == [] or content.replace(b"\r\n", b"\n") == GOOD


_TAKE_ALL = """
import pathlib, re, sys
from tracker.gateways.registry import RegistryBilling
answers = 0
for told in RegistryBilling(pathlib.Path(sys.argv[1]), 5).told():
    answers += len(told.answers)
    told.taken()
peak = re.search("VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())
print(answers, peak[1])
"""


def test_a_long_acknowledgement_is_told_in_flat_memory(root: Path) -> None:
    peaks = []
    for count in (1_000, 100_000):
        rows = [f"payout:{n},paid,1.00,R{n},,{AT}" for n in range(1, count + 1)]
        acknowledge(root, f"ack-{count}.csv", rows, count * 100)
        said = subprocess.run(
            [sys.executable, "-c", _TAKE_ALL, root],
            check=True,
            capture_output=True,
            env={"LOG_LEVEL": "ERROR", "PYTHONPATH": str(Path(tracker.__path__[0]).parent)},
        )
        answers, kilobytes = map(int, said.stdout.split()[-2:])
        assert answers == count
        peaks.append(kilobytes)
    assert peaks[1] < peaks[0] + 8 * 1024
    began = time.monotonic()
    assert billing(root).query(to(count, 100)).reference == f"R{count}"
    assert time.monotonic() - began < 1


def test_handles_are_given_back(root: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    gateway = billing(root)
    for number in range(1, 40):
        gateway.submit([to(number)])
        gateway.query(to(number))
        put(root, lines(paid(ONE), total=number))
        list(gateway.told())
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208
