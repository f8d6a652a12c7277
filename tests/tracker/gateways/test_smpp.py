"""The client and the stand-in for an SMS centre over real TCP: what is said, and what arrived."""

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from sandbox.messages.process import TelecomProcess, running_telecom
from sandbox.messages.store import delivered
from tests.tracker.gateways.sending import at, send_one
from tracker.gateways.smpp import SmppSms
from tracker.kit.providers import sms_centre_from
from tracker.notifications.ports import Outcome, Reason, Receipt, ShortMessage

RULES = [
    {"action": "refuse", "on": "sms", "to_suffix": "01"},
    {"action": "throttle", "on": "sms", "to_suffix": "02"},
    {"action": "timeout_before_acting", "on": "sms", "to_suffix": "03"},
    {"action": "timeout_after_acting", "on": "sms", "to_suffix": "04"},
    {"action": "drop_before_acting", "on": "sms", "to_suffix": "05"},
    {"action": "drop_after_acting", "on": "sms", "to_suffix": "06"},
    {"action": "garbage", "on": "sms", "to_suffix": "07"},
    {"action": "slow", "on": "sms", "to_suffix": "08", "seconds": 0.3},
    {"action": "refuse", "on": "sms", "to_suffix": "09", "status": 0x08},
    {"action": "refuse", "on": "sms", "to_suffix": "10", "status": 0x65},
    {"action": "refuse", "on": "sms", "to_suffix": "11", "status": 0x04},
    {"action": "refuse", "on": "sms", "to_suffix": "12", "status": 0x0401},
]


@pytest.fixture(scope="module")
def telecom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TelecomProcess]:
    folder = tmp_path_factory.mktemp("telecom")
    script = folder / "faults.json"
    script.write_text(json.dumps({"rules": RULES}))
    with running_telecom(folder, faults=script) as running:
        yield running


@pytest.fixture
def sms(telecom: TelecomProcess) -> Iterator[SmppSms]:
    gateway = SmppSms(sms_centre_from(telecom.sms_url), timeout=20)
    yield gateway
    gateway.close()


@pytest.fixture
def hasty(telecom: TelecomProcess) -> Iterator[SmppSms]:
    gateway = SmppSms(sms_centre_from(telecom.sms_url), timeout=1)
    yield gateway
    gateway.close()


@pytest.fixture
def phone(request: pytest.FixtureRequest) -> str:
    """A number of this test's own, that no rule is about; replace its last two digits."""
    return f"+79{crc32(request.node.nodeid.encode()) % 10_000_000:07d}99"


def texts(telecom: TelecomProcess, phone: str) -> list[str]:
    return [one.text for one in delivered(telecom.data, phone)]


def test_messages_arrive_as_they_were_written(
    sms: SmppSms, telecom: TelecomProcess, phone: str
) -> None:
    written = ["Your code: [123] €", "Ваш код: 123", "Слово " * 60 + "😀" * 40, "a" * 500]
    batch = [ShortMessage(f"m:{n}", phone, text) for n, text in enumerate(written)]
    receipts = sms.send(batch)
    assert [one.key for one in receipts] == ["m:0", "m:1", "m:2", "m:3"]
    assert {one.outcome for one in receipts} == {Outcome.ACCEPTED}
    found = delivered(telecom.data, phone)
    assert [one.text for one in found] == written
    assert [one.reference for one in found] == [one.reference for one in receipts]
    assert [one.parts for one in found] == [1, 1, 7, 4]
    assert {one.sender for one in found} == {"CLUB"}


def test_a_thousand_go_ahead_of_their_answers(
    sms: SmppSms, telecom: TelecomProcess, phone: str
) -> None:
    batch = [ShortMessage(f"m:{n}", phone, f"Сообщение {n}") for n in range(1000)]
    assert {one.outcome for one in sms.send(batch)} == {Outcome.ACCEPTED}
    assert texts(telecom, phone) == [one.text for one in batch]


def test_answers_may_overtake_one_another(
    sms: SmppSms, telecom: TelecomProcess, phone: str
) -> None:
    slow, quick = phone[:-2] + "08", phone
    first, second = sms.send([ShortMessage("a", slow, "A"), ShortMessage("b", quick, "B")])
    assert (first.outcome, second.outcome) == (Outcome.ACCEPTED, Outcome.ACCEPTED)
    assert delivered(telecom.data, slow)[0].reference == first.reference
    assert delivered(telecom.data, quick)[0].reference == second.reference
    assert first.reference != second.reference


@pytest.mark.parametrize(
    ("suffix", "outcome", "reason", "arrived"),
    [
        ("01", Outcome.REFUSED, Reason.BAD_ADDRESS, 0),
        ("02", Outcome.TEMPORARY, Reason.THROTTLED, 0),
        ("05", Outcome.UNKNOWN, Reason.CONNECTION_LOST, 0),
        ("06", Outcome.UNKNOWN, Reason.CONNECTION_LOST, 1),
        ("07", Outcome.UNKNOWN, Reason.GARBAGE, 1),
        ("09", Outcome.TEMPORARY, "smpp_00000008", 0),
        ("10", Outcome.REFUSED, "smpp_00000065", 0),
        ("11", Outcome.TEMPORARY, "smpp_00000004", 0),
        ("12", Outcome.TEMPORARY, "smpp_00000401", 0),
    ],
)
def test_what_goes_wrong_is_told(
    sms: SmppSms,
    telecom: TelecomProcess,
    phone: str,
    *,
    suffix: str,
    outcome: Outcome,
    reason: str,
    arrived: int,
) -> None:
    unlucky = phone[:-2] + suffix
    assert send_one(sms, unlucky) == Receipt("one", outcome, reason=reason)
    assert len(texts(telecom, unlucky)) == arrived
    assert send_one(sms, phone).outcome is Outcome.ACCEPTED, "the next batch is not harmed"


@pytest.mark.parametrize(("suffix", "arrived"), [("03", 0), ("04", 1)])
def test_silence_is_unknown_and_ends_in_time(
    hasty: SmppSms, telecom: TelecomProcess, phone: str, suffix: str, arrived: int
) -> None:
    unlucky = phone[:-2] + suffix
    begun = time.monotonic()
    first, second = hasty.send([ShortMessage("a", unlucky, "A"), ShortMessage("b", phone, "B")])
    assert time.monotonic() - begun < 2
    assert first == Receipt("a", Outcome.UNKNOWN, reason=Reason.TIMEOUT)
    assert second.outcome is Outcome.ACCEPTED
    assert len(texts(telecom, unlucky)) == arrived
    assert send_one(hasty, phone).outcome is Outcome.ACCEPTED


def test_a_lost_connection_is_bound_anew_within_the_batch(
    telecom: TelecomProcess, phone: str
) -> None:
    """Only what was under way is in doubt; the rest goes out on the new link."""
    one_by_one = SmppSms(sms_centre_from(telecom.sms_url + "&window=1"), timeout=20)
    unlucky = phone[:-2] + "05"
    batch = [ShortMessage(f"m:{n}", phone, str(n)) for n in range(20)]
    batch[5] = ShortMessage("m:5", unlucky, "5")
    receipts = one_by_one.send(batch)
    assert receipts[5] == Receipt("m:5", Outcome.UNKNOWN, reason=Reason.CONNECTION_LOST)
    others = [one.outcome for n, one in enumerate(receipts) if n != 5]
    assert set(others) == {Outcome.ACCEPTED}
    assert len(texts(telecom, phone)) == 19
    one_by_one.close()


def test_a_throttled_batch_stops(telecom: TelecomProcess, phone: str) -> None:
    one_by_one = SmppSms(sms_centre_from(telecom.sms_url + "&window=1"), timeout=20)
    batch = [ShortMessage(f"m:{n}", phone, str(n)) for n in range(4)]
    batch[1] = ShortMessage("m:1", phone[:-2] + "02", "1")
    receipts = one_by_one.send(batch)
    assert receipts[0].outcome is Outcome.ACCEPTED
    assert [(one.outcome, one.reason) for one in receipts[1:]] == [
        (Outcome.TEMPORARY, Reason.THROTTLED)
    ] * 3
    assert texts(telecom, phone) == ["0"]
    one_by_one.close()


def test_a_long_message_is_as_its_worst_part(telecom: TelecomProcess, tmp_path: Path) -> None:
    script = tmp_path / "faults.json"
    rules = [{"action": "throttle", "on": "sms", "nth": 2}]
    script.write_text(json.dumps({"rules": rules}))
    with running_telecom(tmp_path, faults=script) as other:
        gateway = SmppSms(sms_centre_from(other.sms_url), timeout=20)
        receipt = send_one(gateway, "+79001234567", "я" * 300)
        assert receipt == Receipt("one", Outcome.TEMPORARY, reason=Reason.THROTTLED)
        assert send_one(gateway, "+79001234567", "я" * 300).outcome is Outcome.ACCEPTED
        gateway.close()
    assert [one.text for one in delivered(tmp_path)] == ["я" * 300], "sent again, it is whole"


def test_what_cannot_be_sent_is_refused_without_asking(sms: SmppSms) -> None:
    wrong = ["", "89001234567", "+0900123456", "+7900", "+7900123456789012", "+7900123456x"]
    batch = [ShortMessage(f"m:{n}", phone, "x") for n, phone in enumerate(wrong)]
    assert {(one.outcome, one.reason) for one in sms.send(batch)} == {
        (Outcome.REFUSED, Reason.BAD_ADDRESS)
    }
    for text in ("", "\0", "я" * 671, "\ud83d"):
        receipt = send_one(sms, "+79001234567", text)
        assert (receipt.outcome, receipt.reason) == (Outcome.REFUSED, Reason.BAD_TEXT)


def test_an_empty_batch_asks_nothing() -> None:
    assert at(9).send([]) == []


def test_a_key_twice_is_our_mistake(sms: SmppSms) -> None:
    with pytest.raises(ValueError, match="each key once"):
        sms.send([ShortMessage("a", "+79001234567", "x")] * 2)


@pytest.mark.parametrize("who", ["tracker:wrong", "stranger:tracker"])
def test_who_is_not_let_in_sends_nothing(telecom: TelecomProcess, phone: str, who: str) -> None:
    address = telecom.sms_url.rpartition("@")[2]
    gateway = SmppSms(sms_centre_from(f"smpp://{who}@{address}"), timeout=5)
    assert send_one(gateway, phone) == Receipt("one", Outcome.TEMPORARY, reason=Reason.NOT_LET_IN)
    assert texts(telecom, phone) == []


def test_a_centre_that_comes_back_is_found(tmp_path: Path) -> None:
    with running_telecom(tmp_path) as first:
        gateway = SmppSms(sms_centre_from(first.sms_url), timeout=5)
        assert send_one(gateway, "+79001234567", "1").outcome is Outcome.ACCEPTED
        first.kill()
        assert send_one(gateway, "+79001234567", "2").reason == Reason.NOT_CONNECTED
    with running_telecom(tmp_path, sms_url=first.sms_url):
        assert send_one(gateway, "+79001234567", "3").outcome is Outcome.ACCEPTED
        gateway.close()
    assert [one.text for one in delivered(tmp_path)] == ["1", "3"]


def test_threads_take_turns_and_a_child_binds_for_itself(
    sms: SmppSms, telecom: TelecomProcess, phone: str
) -> None:
    def send(name: str) -> bool:
        batch = [ShortMessage(f"{name}:{n}", phone, f"{name}:{n}") for n in range(50)]
        return {one.outcome for one in sms.send(batch)} == {Outcome.ACCEPTED}

    threads = [threading.Thread(target=send, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    child = os.fork()
    if child == 0:
        os._exit(0 if send("child") else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert send("parent"), "the child has not closed its parent's link"
    assert len(set(texts(telecom, phone))) == 300
