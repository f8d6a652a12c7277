"""Reading the operator's answers: exact ones count, anything else is a doubt."""

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.gateways.billing_wire import (
    read_answer,
    read_answers,
    read_page,
    read_reach,
    says_not_found,
    write_batch,
)
from tracker.gateways.doubts import Doubt, Doubtful
from tracker.settlement.ports import Answer, Outcome, Reach, StatementLine, TopUp

FIRST = TopUp("payout:1", "+79000000001", 15_000)
SECOND = TopUp("payout:2", "+79000000002", 700)
PAID: dict[str, Any] = {
    "key": "payout:1",
    "status": "paid",
    "amount": "150.00",
    "reference": "T000000000001",
    "reason": None,
    "at": "2010-12-31T21:00:00+00:00",
}
FAILED: dict[str, Any] = {
    "key": "payout:2",
    "status": "failed",
    "amount": "7.00",
    "reference": None,
    "reason": "number_closed",
    "at": None,
}
ACCEPTED: dict[str, Any] = {**FAILED, "status": "accepted", "reason": None}
NEW_YEAR = datetime(2010, 12, 31, 21, tzinfo=UTC)
DAY = date(2011, 1, 1)
LINE: dict[str, Any] = {
    "key": "payout:1",
    "phone": "+79000000001",
    "amount": "150.00",
    "reference": "T000000000001",
    "at": "2010-12-31T21:00:00+00:00",
}
BEFORE = StatementLine("payout:0", "+79000000001", 1, "T0", NEW_YEAR)
PAGE: dict[str, Any] = {
    "day": "2011-01-01",
    "count": 1,
    "total": "150.00",
    "lines": [LINE],
    "next": None,
}


def said(*results: object) -> bytes:
    return json.dumps({"results": results}).encode()


def doubt_of(body: bytes) -> str:
    with pytest.raises(Doubtful) as caught:
        read_answers(body, [FIRST, SECOND])
    return caught.value.reason


def test_a_batch_is_written_with_decimal_strings() -> None:
    assert write_batch([SECOND]) == {
        "topups": [{"key": "payout:2", "phone": "+79000000002", "amount": "7.00"}]
    }


def test_exact_answers_count() -> None:
    assert read_answers(said(PAID, FAILED), [FIRST, SECOND]) == [
        Answer("payout:1", Outcome.PAID, reference="T000000000001", paid_at=NEW_YEAR),
        Answer("payout:2", Outcome.FAILED, reason="number_closed"),
    ]


def test_what_is_accepted_is_not_final() -> None:
    _, second = read_answers(said(PAID, ACCEPTED), [FIRST, SECOND])
    assert second == Answer("payout:2", Outcome.ACCEPTED)


@pytest.mark.parametrize(
    "change",
    [{"reason": "later"}, {"reference": "T1"}, {"at": "2010-12-31T21:00:00+00:00"}],
)
def test_what_is_accepted_has_no_outcome_yet(change: dict[str, str]) -> None:
    _, second = read_answers(said(PAID, {**ACCEPTED, **change}), [FIRST, SECOND])
    assert second == Answer("payout:2", Outcome.UNKNOWN, reason=Doubt.MALFORMED)


def test_answers_come_in_the_order_asked_whatever_was_sent() -> None:
    answers = read_answers(said(FAILED, PAID), [FIRST, SECOND])
    assert [answer.key for answer in answers] == ["payout:1", "payout:2"]


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ([FAILED], Doubt.MISSING),
        ([PAID, PAID, FAILED], Doubt.REPEATED),
        ([PAID, {**PAID, "status": "failed"}, FAILED], Doubt.REPEATED),
        ([{**PAID, "amount": "150.01"}, FAILED], Doubt.OTHER_AMOUNT),
        ([{**PAID, "amount": "1e2"}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "amount": 150}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "status": "PAID"}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "status": "pending"}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "status": "unknown"}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "reference": None}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "reference": ""}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "reference": "T\x01"}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "amount": 150.5}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "reason": "number_closed"}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "fee": "1.00"}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "at": None}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "at": "2010-12-31T21:00:00"}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "at": "today"}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "at": "2010-12-31T21:00:00+16:00"}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "at": "0001-01-01T00:00:00Z"}, FAILED], Doubt.MALFORMED),
        ([{**PAID, "at": "9999-12-31T12:00:00Z"}, FAILED], Doubt.MALFORMED),
        ([{k: v for k, v in PAID.items() if k != "amount"}, FAILED], Doubt.MALFORMED),
    ],
)
def test_a_flaw_in_one_result_concerns_its_key_alone(
    results: list[dict[str, Any]], reason: Doubt
) -> None:
    first, second = read_answers(said(*results), [FIRST, SECOND])
    assert first == Answer("payout:1", Outcome.UNKNOWN, reason=reason)
    assert second.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Doubt.NOT_JSON),
        (b"<html>", Doubt.NOT_JSON),
        (said(PAID, FAILED)[:-1], Doubt.NOT_JSON),
        (b"\xef\xbb\xbf" + said(PAID, FAILED), Doubt.NOT_JSON),
        (said(PAID, FAILED).decode().encode("utf-16"), Doubt.NOT_JSON),
        (b'{"results":[],"results":[]}', Doubt.NOT_JSON),
        (b'{"results":[NaN]}', Doubt.NOT_JSON),
        (b'{"results":[1.5]}', Doubt.MALFORMED),
        (said({**PAID, "reference": "T\x00"}, FAILED), Doubt.NOT_JSON),
        (said({**PAID, "reference": "\ud800"}, FAILED), Doubt.NOT_JSON),
        (b'{"results":[' + b"9" * 5_000 + b"]}", Doubt.NOT_JSON),
        (b"[" * 100_000, Doubt.NOT_JSON),
        (b"[]", Doubt.MALFORMED),
        (b"null", Doubt.MALFORMED),
        (b'{"results":{}}', Doubt.MALFORMED),
        (b'{"results":[],"more":1}', Doubt.MALFORMED),
        (said(PAID, "payout:2"), Doubt.MALFORMED),
        (said(PAID, {**FAILED, "key": None}), Doubt.MALFORMED),
        (said(PAID, FAILED, {**PAID, "key": "payout:3"}), Doubt.FOREIGN_KEY),
    ],
)
def test_a_flaw_in_the_whole_concerns_everyone(body: bytes, reason: Doubt) -> None:
    assert doubt_of(body) == reason


SCRAPS: st.SearchStrategy[object] = st.sampled_from(
    [None, True, 0, -1, [], {}, "", "paid", "failed", "payout:1", "payout:2", "150.00", "7.00"]
) | st.text("Tя.:0\x00\ud800", max_size=3)


@given(st.data())
def test_no_changed_answer_is_taken_for_another_fate(data: st.DataObject) -> None:
    results = deepcopy([PAID, FAILED])
    result = data.draw(st.sampled_from(results))
    name = data.draw(st.sampled_from(sorted(result)))
    was, result[name] = result[name], data.draw(SCRAPS)
    try:
        answers = read_answers(said(*results), [FIRST, SECOND])
    except Doubtful:
        return
    unchanged = result[name] == was or name in ("reference", "reason", "at")
    fates = {(PAID["key"], Outcome.PAID), (FAILED["key"], Outcome.FAILED)}
    sure = {(a.key, a.outcome) for a in answers if a.outcome is not Outcome.UNKNOWN}
    assert sure <= fates
    assert unchanged or len(sure) < 2


@given(st.binary(max_size=64), st.integers(0, 400), st.integers(0, 400))
def test_damage_never_raises_anything_but_doubt(scrap: bytes, start: int, end: int) -> None:
    body = said(PAID, FAILED)
    damaged = body[:start] + scrap + body[end:]
    try:
        answers = read_answers(damaged, [FIRST, SECOND])
    except Doubtful:
        return
    assert [answer.key for answer in answers] == ["payout:1", "payout:2"]


def test_one_key_is_read() -> None:
    body = json.dumps(PAID).encode()
    assert read_answer(body, FIRST) == Answer(
        "payout:1", Outcome.PAID, reference="T000000000001", paid_at=NEW_YEAR
    )
    with pytest.raises(Doubtful, match="foreign_key"):
        read_answer(body, SECOND)


def test_one_key_with_a_flaw_is_unknown() -> None:
    assert read_answer(b'{"key":"payout:1"}', FIRST) == Answer(
        "payout:1", Outcome.UNKNOWN, reason=Doubt.MALFORMED
    )
    other = json.dumps({**PAID, "amount": "149.99"}).encode()
    assert read_answer(other, FIRST) == Answer(
        "payout:1", Outcome.UNKNOWN, reason=Doubt.OTHER_AMOUNT
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"code":"not_found","key":"payout:1"}', True),
        (b'{"code":"not_found","key":"payout:2"}', False),
        (b'{"code":"not_found"}', False),
        (b'{"code":"no_such_resource","key":"payout:1"}', False),
        (b"[]", False),
        (b"<html>", False),
    ],
)
def test_only_a_refusal_that_names_the_key_says_not_found(body: bytes, expected: bool) -> None:
    assert says_not_found(body, "payout:1") is expected


def test_a_page_of_a_statement_is_read() -> None:
    page = read_page(json.dumps(PAGE).encode(), DAY, None)
    assert page.lines == [
        StatementLine("payout:1", "+79000000001", 15_000, "T000000000001", NEW_YEAR)
    ]
    assert (page.count, page.total, page.next) == (1, 15_000, None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"day": "2011-01-02"}, Doubt.INCONSISTENT),
        ({"count": True}, Doubt.MALFORMED),
        ({"count": "1"}, Doubt.MALFORMED),
        ({"total": 150}, Doubt.MALFORMED),
        ({"next": 1}, Doubt.MALFORMED),
        ({"next": ""}, Doubt.MALFORMED),
        ({"next": "п"}, Doubt.MALFORMED),
        ({"lines": [], "next": "further"}, Doubt.INCONSISTENT),
        ({"lines": [LINE, LINE]}, Doubt.INCONSISTENT),
        ({"lines": [{**LINE, "key": "payout:0", "reference": "T0"}]}, Doubt.INCONSISTENT),
        ({"lines": [{**LINE, "at": "2010-12-31T20:59:59+00:00"}]}, Doubt.INCONSISTENT),
        ({"lines": [{**LINE, "at": "2011-01-01T21:00:00+00:00"}]}, Doubt.INCONSISTENT),
        ({"lines": [{**LINE, "at": "2011-01-01T12:00:00"}]}, Doubt.MALFORMED),
        ({"lines": [{**LINE, "at": "0001-01-01T00:00:00+14:00"}]}, Doubt.MALFORMED),
        ({"lines": [{**LINE, "at": "noon"}]}, Doubt.MALFORMED),
        ({"lines": [{**LINE, "at": "2011-01-01T12:00:00-23:59"}]}, Doubt.MALFORMED),
        ({"lines": [{**LINE, "note": ""}]}, Doubt.MALFORMED),
        ({"lines": {}}, Doubt.MALFORMED),
        ({"more": 1}, Doubt.MALFORMED),
    ],
)
def test_a_page_that_does_not_hold_together_is_refused(
    change: dict[str, object], reason: Doubt
) -> None:
    with pytest.raises(Doubtful, match=reason):
        read_page(json.dumps({**PAGE, **change}).encode(), DAY, BEFORE)


def test_a_key_that_was_paid_twice_is_read_as_two_lines() -> None:
    twice = {**PAGE, "count": 2, "lines": [LINE, {**LINE, "reference": "T000000000002"}]}
    page = read_page(json.dumps(twice).encode(), DAY, None)
    assert [line.reference for line in page.lines] == ["T000000000001", "T000000000002"]


def test_reach_is_told_of_each_number_asked_about() -> None:
    phones = [FIRST.phone, SECOND.phone]
    told = [{"phone": FIRST.phone, "served": True}, {"phone": SECOND.phone, "served": False}]
    assert read_reach(said(*told), phones) == [Reach.SERVED, Reach.NOT_SERVED]
    for wrong in (told[::-1], told[:1], [told[0], {**told[1], "served": 0}], [*told, told[0]]):
        with pytest.raises(Doubtful):
            read_reach(said(*wrong), phones)
