"""The report of a trial: what others wrote has no meaning of its own in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from webhooks.trials.cases import CASES
from webhooks.trials.reports import (
    Account,
    CaseReport,
    Result,
    account_as_json,
    as_markdown,
)
from webhooks.trials.rules import Attempt, Outcome, Record

START = datetime(2011, 1, 31, 21, 30, tzinfo=UTC)
"""The first of February in Moscow."""

REFUSED = Attempt(
    1,
    START,
    Outcome.SIGNATURE,
    401,
    "ab" * 32,
    10,
    webhook_id="| <script> `x` [a](b) |",
    code="not_let_in",
    detail="line\nbreak",
)
TAKEN = Attempt(2, START, Outcome.ACCEPTED, 202, "cd" * 32, 10, webhook_id="m", secret_id=1)


def account(*cases: CaseReport, broken_off: str = "") -> Account:
    return Account(
        "shop",
        "native",
        "anna",
        START,
        START + timedelta(minutes=5),
        Record(1, (REFUSED, TAKEN)),
        cases,
        broken_off,
    )


def case(result: Result, place: int = 0) -> CaseReport:
    return CaseReport(CASES[place], result)


def test_the_date_is_that_of_business() -> None:
    assert account().name == "conformance-shop-2011-02-01"
    assert account_as_json(account())["date"] == "2011-02-01"


def test_it_passed_when_all_that_was_asked_for_was_ticked() -> None:
    ticked, failed, skipped, left = (case(one) for one in Result)
    assert account(ticked, skipped, left).has_passed
    assert not account(ticked, failed).has_passed
    assert not account(skipped, left).has_passed, "nothing was shown"
    assert not account(ticked, broken_off="interrupted").has_passed
    figures = account_as_json(account(ticked, broken_off="interrupted"))
    assert figures["result"] == "broken_off"
    assert "**Broken off.** Broken off: interrupted." in as_markdown(figures)


def test_words_of_others_are_no_markup() -> None:
    report = case(Result.FAILED)
    report.wrong.append((REFUSED, "bad | <b>"))
    page = as_markdown(account_as_json(account(report)))
    (line,) = [one for one in page.splitlines() if one.startswith("| 1 |")]
    assert r"\| \<script\> \`x\` \[a\](b) \|" in line
    assert "line break" in line
    assert r"- First event, #1: bad \| \<b\>" in page
    assert "<script>" not in page


def test_whose_secret_it_was() -> None:
    record = Record(1, (REFUSED, TAKEN, replace(TAKEN, number=3, secret_id=2)), second_secret=2)
    figures = account_as_json(replace(account(), record=record))
    assert [one["secret"] for one in figures["attempts"]] == [None, "first", "second"]
