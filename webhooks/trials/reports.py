"""The dated report of a trial, for people and for scripts. Never with a secret or a body. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from tracker.kit.clock import moscow_date
from webhooks.trials.cases import Case
from webhooks.trials.rules import Attempt, Record, kinds_of


class Result(StrEnum):
    """What became of a case."""

    TICKED = "ticked"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It does not apply to how this shop reports."""
    NOT_ASKED = "not_asked"


@dataclass(slots=True)
class CaseReport:
    """A case, and how it went."""

    case: Case
    result: Result = Result.NOT_ASKED
    asked_at: datetime | None = None
    ended_at: datetime | None = None
    why: str = ""
    """Why it is not ticked."""
    evidence: tuple[Attempt, ...] = ()
    wrong: list[tuple[Attempt, str]] = field(default_factory=list)
    """What came while it was waited for and did not do, and why."""


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of a trial when it is over."""

    shop: str
    dialect: str
    who: str
    started_at: datetime
    ended_at: datetime
    record: Record
    cases: tuple[CaseReport, ...]
    broken_off: str = ""
    """Why it ended before its time."""

    @property
    def has_passed(self) -> bool:
        """Whether all that was asked for was ticked, and something was."""
        results = {one.result for one in self.cases}
        return Result.TICKED in results and Result.FAILED not in results and not self.broken_off

    @property
    def name(self) -> str:
        """What its files are called, but for their endings."""
        return f"conformance-{self.shop}-{moscow_date(self.started_at).isoformat()}"


def account_as_json(account: Account) -> dict[str, Any]:
    """All of it."""
    return {
        "shop": account.shop,
        "dialect": account.dialect,
        "date": moscow_date(account.started_at).isoformat(),
        "result": _result(account),
        "broken_off": account.broken_off or None,
        "by": account.who,
        "started_at": _text(account.started_at),
        "ended_at": _text(account.ended_at),
        "cases": [_case(one) for one in account.cases],
        "attempts": [_attempt(one, account.record) for one in account.record.attempts],
    }


def as_markdown(figures: Mapping[str, Any]) -> str:
    """What ``account_as_json`` gives, as a page to read."""
    lines = [
        f"# Conformance of {figures['shop']}, {figures['date']}",
        "",
        f"**{figures['result'].replace('_', ' ').capitalize()}.** "
        + (f"Broken off: {figures['broken_off']}. " if figures["broken_off"] else "")
        + f"Dialect {figures['dialect']}; from {figures['started_at']} to {figures['ended_at']}; "
        f"run by {_plain(figures['by'])}. Nothing of it was booked.",
        "",
        "| case | result | evidence | |",
        "|---|---|---|---|",
        *(_case_row(one) for one in figures["cases"]),
        "",
        "## What was wrong on the way",
        "",
        *(_wrong(figures["cases"]) or ["Nothing."]),
        "",
        "## What came",
        "",
        "Moments are UTC. Bodies are named by their SHA-256. A request by no secret of the trial "
        "was not let in, and anybody may have sent it.",
        "",
        "| # | received | webhook-id | answer | by secret | says | sha256 |",
        "|---|---|---|---|---|---|---|",
        *(_attempt_row(one) for one in figures["attempts"]),
    ]
    return "\n".join(lines) + "\n"


def _result(account: Account) -> str:
    if account.broken_off:
        return "broken_off"
    return "passed" if account.has_passed else "failed"


def _case(one: CaseReport) -> dict[str, Any]:
    return {
        "case": one.case.name,
        "title": one.case.title,
        "result": str(one.result),
        "asked_at": _text(one.asked_at),
        "ended_at": _text(one.ended_at),
        "why": one.why or None,
        "evidence": [attempt.number for attempt in one.evidence],
        "wrong": [{"attempt": attempt.number, "why": why} for attempt, why in one.wrong],
    }


def _attempt(one: Attempt, record: Record) -> dict[str, Any]:
    names = {record.first_secret: "first", record.second_secret: "second", None: None}
    return {
        "attempt": one.number,
        "received_at": _text(one.received_at),
        "webhook_id": one.webhook_id,
        "status": one.status,
        "outcome": str(one.outcome),
        "code": one.code,
        "detail": one.detail,
        "secret": names.get(one.secret_id),
        "trusted": one.trusted,
        "says": kinds_of(one) or None,
        "sha256": one.sha256,
        "size": one.size,
    }


def _case_row(one: Mapping[str, Any]) -> str:
    evidence = ", ".join(f"#{number}" for number in one["evidence"])
    result = one["result"].replace("_", " ")
    return f"| {one['title']} | {result} | {evidence} | {_plain(one['why'])} |"


def _wrong(cases: list[dict[str, Any]]) -> list[str]:
    return [
        f"- {case['title']}, #{one['attempt']}: {_plain(one['why'])}"
        for case in cases
        for one in case["wrong"]
    ]


def _attempt_row(one: Mapping[str, Any]) -> str:
    answer = f"{one['status']} {one['outcome']}"
    cells = (
        one["received_at"],
        one["webhook_id"],
        answer,
        one["secret"],
        one["says"] or one["detail"],
        one["sha256"][:16],
    )
    return f"| {one['attempt']} | " + " | ".join(_plain(cell) for cell in cells) + " |"


_MARKUP = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_<>[]|#"} | {"\n": " ", "\r": " "})


def _plain(value: Any) -> str:
    """What others wrote, without a meaning of its own on the page."""
    return "" if value is None else str(value).translate(_MARKUP)


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None
