"""Answers the protocol's calls: reads, asks the books, and lets the fault script interfere."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import date

from flask import Response, jsonify, request

from sandbox.billing.disturbance import disturbed
from sandbox.billing.faults import Action, Call, Operation, Script, Verdict, judge, seeded
from sandbox.billing.numbers import is_served, refusal
from sandbox.billing.problems import problem
from sandbox.billing.store import Store
from sandbox.billing.topups import Result, TopUp
from sandbox.billing.wire import KEY, Unreadable, page_json, read_batch, read_phones, result_json

MAX_LINES = 5000
"""Lines in one page of a statement."""

_DEFAULT_LINES = 1000
_MISQUOTED_BY = 100
"""Kopecks by which a misquoted amount is off."""


class Desk:
    """The views of the application; they share the books and the count of calls."""

    def __init__(self, store: Store, script: Script) -> None:
        self._store = store
        self._script = script
        self._chance = seeded(script.seed)
        self._numbers = {operation: itertools.count(1) for operation in Operation}

    def submit(self) -> Response:
        """POST /v1/topups."""
        batch = read_batch(request.get_data())
        verdict = self._verdict(Operation.SUBMIT, batch)
        rule = verdict.disturbance
        taken = batch
        if rule is not None and rule.action is Action.HALF_BATCH:
            taken = batch[: len(batch) // 2]
        return disturbed(rule, lambda: self._pay(taken, verdict))

    def query(self, key: str) -> Response:
        """GET /v1/topups/<key>."""
        if not KEY.fullmatch(key):
            raise Unreadable("key: 1 to 64 Latin letters, digits and : . _ - are expected")
        verdict = self._verdict(Operation.QUERY, [TopUp(key, phone="", amount=0)])
        return disturbed(verdict.disturbance, lambda: self._tell(key, verdict))

    def numbers(self) -> Response:
        """POST /v1/numbers."""
        phones = read_phones(request.get_data())
        verdict = self._verdict(Operation.NUMBERS, [])
        results = [{"phone": phone, "served": is_served(phone)} for phone in phones]
        return disturbed(verdict.disturbance, lambda: jsonify({"results": results}))

    def statement(self) -> Response:
        """GET /v1/statement?day=&after=&limit=."""
        day = _day(request.args.get("day", ""))
        after = request.args.get("after", "")
        limit = _limit(request.args.get("limit", str(_DEFAULT_LINES)))
        verdict = self._verdict(Operation.STATEMENT, [])
        return disturbed(
            verdict.disturbance,
            lambda: jsonify(page_json(day, self._store.statement(day, after, limit))),
        )

    def _verdict(self, operation: Operation, topups: Sequence[TopUp]) -> Verdict:
        call = Call(operation, next(self._numbers[operation]), topups)
        return judge(self._script, call, self._chance)

    def _pay(self, batch: Sequence[TopUp], verdict: Verdict) -> Response:
        results = self._store.act(batch, {**_refusals(batch), **verdict.refusals})
        return jsonify({"results": [_quoted(result, verdict) for result in results]})

    def _tell(self, key: str, verdict: Verdict) -> Response:
        result = self._store.result(key)
        if result is None:
            return problem(404, "not_found", "no such key", key=key)
        return jsonify(_quoted(result, verdict))


def _refusals(batch: Sequence[TopUp]) -> Mapping[str, str]:
    return {topup.key: why for topup in batch if (why := refusal(topup.phone))}


def _quoted(result: Result, verdict: Verdict) -> dict[str, str | None]:
    if result.key in verdict.misquoted:
        return result_json(result, shown_amount=result.amount + _MISQUOTED_BY)
    return result_json(result)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Unreadable("day: YYYY-MM-DD is expected") from error
    if day.isoformat() != text:
        raise Unreadable("day: YYYY-MM-DD is expected")
    return day


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= MAX_LINES):
        raise Unreadable(f"limit: a number from 1 to {MAX_LINES} is expected")
    return int(text)
