"""The client and the real stand-in over real HTTP: what is said, and what is true afterwards."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from sandbox.billing.process import BillingProcess, running_billing
from sandbox.billing.truth import paid_topups
from tracker.gateways.billing import HttpBilling
from tracker.settlement.ports import (
    Answer,
    BillingGateway,
    GatewayUnavailable,
    Outcome,
    TopUp,
)

TOKEN = "gateway-test-token"
NOON = "2011-01-01T12:00:00+03:00 x0 @0"
TODAY = date(2011, 1, 1)
RULES = [
    {"action": "timeout_before_acting", "match": {"key_suffix": ":before"}, "seconds": 1},
    {"action": "timeout_after_acting", "match": {"key_suffix": ":after"}, "seconds": 1},
    {"action": "error_500_after_acting", "match": {"key_suffix": ":error"}},
    {"action": "html_200", "match": {"key_suffix": ":html"}},
    {"action": "half_batch", "match": {"key_suffix": ":half"}},
    {"action": "slow", "match": {"key_suffix": ":slow"}, "seconds": 0.2},
    {"action": "fail", "match": {"phone_suffix": "66"}, "reason": "number_ported"},
    {"action": "wrong_amount", "match": {"key_suffix": ":other"}},
    {"action": "wrong_amount", "on": "query", "match": {"key_suffix": ":misquoted"}},
    {"action": "error_500_after_acting", "on": "query", "match": {"key_suffix": ":qerror"}},
    {"action": "html_200", "on": "query", "match": {"key_suffix": ":qhtml"}},
    {"action": "timeout_before_acting", "on": "query", "match": {"key_suffix": ":qlate"}},
    {"action": "html_200", "on": "statement", "match": {"nth": 1}},
]


@pytest.fixture(scope="module")
def billing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BillingProcess]:
    folder = tmp_path_factory.mktemp("billing")
    script = folder / "faults.json"
    script.write_text(json.dumps({"rules": RULES}))
    with running_billing(folder, token=TOKEN, faults=script, clock=NOON) as running:
        yield running


@pytest.fixture
def patient(billing: BillingProcess) -> BillingGateway:
    return HttpBilling(billing.url, TOKEN, timeout=20)


@pytest.fixture
def hasty(billing: BillingProcess) -> BillingGateway:
    return HttpBilling(billing.url, TOKEN, timeout=0.4)


def to(key: str, amount: int = 15_000, phone: str = "+79000000001") -> TopUp:
    return TopUp(key, phone, amount)


def submit_one(gateway: BillingGateway, topup: TopUp) -> Answer:
    (answer,) = gateway.submit([topup])
    return answer


def soon(condition: Callable[[], bool]) -> bool:
    """Whether it comes true within a few seconds, on a busy machine too."""
    deadline = time.monotonic() + 5
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_paid_and_failed_are_told(patient: BillingGateway, billing: BillingProcess) -> None:
    batch = [to("ok:1", 100), to("ok:2", 200, "+79990000001"), to("ok:3", 300)]
    first, second, third = patient.submit(batch)
    assert (first.outcome, third.outcome) == (Outcome.PAID, Outcome.PAID)
    assert first.reference != third.reference
    assert second == Answer("ok:2", Outcome.FAILED, reason="number_not_served")
    assert patient.submit(batch) == [first, second, third]
    assert [patient.query(topup) for topup in batch] == [first, second, third]
    truth = paid_topups(billing.data)
    assert (truth["ok:1"], truth.get("ok:2"), truth["ok:3"]) == (100, None, 300)


def test_an_empty_batch_asks_nothing(patient: BillingGateway) -> None:
    assert patient.submit([]) == []


def test_a_full_batch_is_paid(patient: BillingGateway) -> None:
    answers = patient.submit([to(f"full:{n}", n + 1) for n in range(1000)])
    assert {answer.outcome for answer in answers} == {Outcome.PAID}


@pytest.mark.parametrize("batch", [[to("a"), to("a")], [to(f"k{n}") for n in range(1001)]])
def test_a_batch_that_is_our_mistake_is_not_sent(
    patient: BillingGateway, batch: list[TopUp]
) -> None:
    with pytest.raises(ValueError, match="its own key"):
        patient.submit(batch)


def test_a_key_that_never_came_is_not_found(patient: BillingGateway) -> None:
    assert patient.query(to("never:came")) == Answer("never:came", Outcome.NOT_FOUND)


def test_a_conflict_leaves_everyone_unknown_and_does_nothing(
    patient: BillingGateway, billing: BillingProcess
) -> None:
    submit_one(patient, to("conflict:1", 100))
    answers = patient.submit([to("conflict:2"), to("conflict:1", 101)])
    assert {(a.outcome, a.reason) for a in answers} == {(Outcome.UNKNOWN, "key_conflict")}
    assert patient.query(to("conflict:2")).outcome is Outcome.NOT_FOUND
    assert paid_topups(billing.data)["conflict:1"] == 100


def test_a_timeout_before_acting(hasty: BillingGateway, patient: BillingGateway) -> None:
    answer = submit_one(hasty, to("t:before"))
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, "timeout")
    assert patient.query(to("t:before")).outcome is Outcome.NOT_FOUND


def test_a_timeout_after_acting(hasty: BillingGateway, patient: BillingGateway) -> None:
    answer = submit_one(hasty, to("t:after"))
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, "timeout")
    assert soon(lambda: patient.query(to("t:after")).outcome is Outcome.PAID)


@pytest.mark.parametrize(
    ("key", "reason"),
    [("f:error", "http_500"), ("f:html", "not_json"), ("f:other", "other_amount")],
)
def test_a_spoilt_answer_hides_a_payment(
    patient: BillingGateway, billing: BillingProcess, key: str, reason: str
) -> None:
    answer = submit_one(patient, to(key))
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, reason)
    assert paid_topups(billing.data)[key] == 15_000
    assert patient.query(to(key)).outcome is Outcome.PAID


def test_another_amount_concerns_its_key_alone(patient: BillingGateway) -> None:
    right, wrong = patient.submit([to("mixed:1"), to("mixed:other")])
    assert (right.outcome, wrong.outcome) == (Outcome.PAID, Outcome.UNKNOWN)


def test_half_a_batch(patient: BillingGateway, billing: BillingProcess) -> None:
    first, second = patient.submit([to("half:1"), to("half:2:half")])
    assert first.outcome is Outcome.PAID
    assert second == Answer("half:2:half", Outcome.UNKNOWN, reason="missing")
    assert patient.query(to(second.key)).outcome is Outcome.NOT_FOUND
    assert {"half:1"} == {key for key in paid_topups(billing.data) if key.startswith("half:")}


def test_a_failed_number_stays_failed(patient: BillingGateway, billing: BillingProcess) -> None:
    answer = submit_one(patient, to("ported", phone="+79000000066"))
    assert answer == Answer("ported", Outcome.FAILED, reason="number_ported")
    assert patient.query(to("ported")) == answer
    assert "ported" not in paid_topups(billing.data)


def test_slow_is_not_wrong(patient: BillingGateway) -> None:
    assert submit_one(patient, to("s:slow")).outcome is Outcome.PAID


@pytest.mark.parametrize(
    ("key", "reason"), [("x:qerror", "http_500"), ("x:qhtml", "not_json"), ("x:qlate", "timeout")]
)
def test_a_spoilt_query_stays_unknown(
    patient: BillingGateway, hasty: BillingGateway, key: str, reason: str
) -> None:
    assert submit_one(patient, to(key)).outcome is Outcome.PAID
    gateway = hasty if reason == "timeout" else patient
    assert gateway.query(to(key)) == Answer(key, Outcome.UNKNOWN, reason=reason)


def test_a_query_that_finds_another_amount_is_unknown(patient: BillingGateway) -> None:
    topup = to("asked:1", 15_000)
    paid = submit_one(patient, topup)
    for amount in (14_999, 15_001):
        other = patient.query(to("asked:1", amount))
        assert other == Answer("asked:1", Outcome.UNKNOWN, reason="other_amount")
    assert patient.query(topup) == paid


def test_a_misquoted_query_is_unknown(patient: BillingGateway, billing: BillingProcess) -> None:
    topup = to("q:misquoted")
    assert submit_one(patient, topup).outcome is Outcome.PAID
    expected = Answer(topup.key, Outcome.UNKNOWN, reason="other_amount")
    assert patient.query(topup) == expected
    assert paid_topups(billing.data)[topup.key] == topup.amount


def test_a_wrong_token_is_unknown_not_failed(billing: BillingProcess) -> None:
    stranger = HttpBilling(billing.url, "another", timeout=20)
    assert submit_one(stranger, to("stranger")).reason == "http_401"
    assert stranger.query(to("stranger")).reason == "http_401"
    assert "stranger" not in paid_topups(billing.data)


def test_a_wrong_address_does_not_say_not_found(billing: BillingProcess) -> None:
    lost = HttpBilling(f"{billing.url}/elsewhere", TOKEN, timeout=20)
    assert lost.query(to("ok:1")) == Answer("ok:1", Outcome.UNKNOWN, reason="http_404")


def test_the_statement_is_the_truth(patient: BillingGateway, billing: BillingProcess) -> None:
    with pytest.raises(GatewayUnavailable, match="not_json"):
        list(patient.statement(TODAY))
    patient.submit([to("statement:1", 100), to("statement:2", 200, "+79990000001")])
    lines = list(patient.statement(TODAY))
    assert {line.key: line.amount for line in lines} == paid_topups(billing.data)
    assert list(patient.statement(date(2011, 1, 2))) == []


def test_a_statement_of_several_pages(tmp_path: Path) -> None:
    with running_billing(tmp_path, token=TOKEN, clock=NOON) as billing:
        gateway = HttpBilling(billing.url, TOKEN, timeout=20)
        for part in range(6):
            gateway.submit([to(f"p:{part}:{n}", n + 1) for n in range(1000)])
        lines = list(gateway.statement(TODAY))
        assert {line.key: line.amount for line in lines} == paid_topups(tmp_path)
        assert len(lines) == 6000


def test_a_restarted_operator_remembers(tmp_path: Path) -> None:
    with running_billing(tmp_path, token=TOKEN) as before:
        port = int(before.url.rpartition(":")[2])
        gateway = HttpBilling(before.url, TOKEN, timeout=20)
        answer = submit_one(gateway, to("kept"))
        before.kill()
        assert submit_one(gateway, to("kept")).outcome is Outcome.UNKNOWN
        assert gateway.query(to("kept")) == Answer("kept", Outcome.UNKNOWN, reason="not_connected")
        with pytest.raises(GatewayUnavailable, match="not_connected"):
            list(gateway.statement(TODAY))
    with running_billing(tmp_path, token=TOKEN, port=port):
        assert submit_one(gateway, to("kept")) == answer
    assert paid_topups(tmp_path) == {"kept": 15_000}


def test_killed_in_the_middle_and_asked_again_everyone_is_paid_once(tmp_path: Path) -> None:
    batches = [[to(f"k:{part}:{n}", n + 1) for n in range(200)] for part in range(40)]
    with running_billing(tmp_path, token=TOKEN, clock=NOON) as first:
        gateway = HttpBilling(first.url, TOKEN, timeout=20)
        told = [answer for batch in batches[:5] for answer in gateway.submit(batch)]
        killer = threading.Thread(target=first.kill)
        killer.start()
        told += [answer for batch in batches[5:] for answer in gateway.submit(batch)]
        killer.join()
    paid_before = {answer.key: answer for answer in told if answer.outcome is Outcome.PAID}
    assert {answer.outcome for answer in told} == {Outcome.PAID, Outcome.UNKNOWN}
    assert paid_before.keys() <= paid_topups(tmp_path).keys()
    with running_billing(tmp_path, token=TOKEN, clock=NOON) as second:
        gateway = HttpBilling(second.url, TOKEN, timeout=20)
        again = {answer.key: answer for batch in batches for answer in gateway.submit(batch)}
        lines = {line.key: line.amount for line in list(gateway.statement(TODAY))}
    assert {key: again[key] for key in paid_before} == paid_before
    assert lines == {topup.key: topup.amount for batch in batches for topup in batch}
