"""Answers the protocol's calls: reads, asks the books, and lets the fault script interfere."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from flask import Response, jsonify, request

from sandbox.billing.disturbance import disturbed, end_hard, timed_out, too_many, went_wrong
from sandbox.billing.doctored import MISQUOTED_BY, doctored, page_of
from sandbox.billing.faults import (
    ON_STATEMENT_ALONE,
    Action,
    Call,
    Operation,
    Script,
    Verdict,
    seeded,
)
from sandbox.billing.judging import judge
from sandbox.billing.numbers import is_served, refusal
from sandbox.billing.pace import Pace
from sandbox.billing.problems import problem
from sandbox.billing.store import Store
from sandbox.billing.telling import Caller
from sandbox.billing.topups import Payment, Result, Status, TopUp
from sandbox.billing.wire import (
    KEY,
    Unreadable,
    page_json,
    place_of,
    read_batch,
    read_phones,
    result_json,
)

MAX_LINES = 5000
"""Lines in one page of a statement."""

_DEFAULT_LINES = 1000


class Desk:
    """The views of the application; they share the books and the count of calls."""

    def __init__(self, store: Store, script: Script, caller: Caller) -> None:
        self._store, self._script, self._caller = store, script, caller
        self._chance = seeded(script.seed)
        self._pace = Pace(script.rate)
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(Operation, 0) | {
            Operation(name): number for name, number in store.calls().items()
        }
        self._doctors = any(
            rule.action in ON_STATEMENT_ALONE
            or (rule.action is Action.MIX and rule.on is Operation.STATEMENT)
            for rule in script.rules
        )

    def submit(self) -> Response:
        """POST /v1/topups."""
        batch = read_batch(request.get_data())
        wait = self._pace.wait_for(len(batch))
        if wait:
            return too_many(wait)
        verdict = self._verdict(Operation.SUBMIT, batch)
        keys = [topup.key for topup in batch]
        if self._store.error_kept(keys, asked=False):
            return went_wrong()
        return disturbed(verdict.disturbance, lambda: self._take(batch, verdict), self._crash)

    def query(self, key: str) -> Response:
        """GET /v1/topups/<key>."""
        if not KEY.fullmatch(key):
            raise Unreadable("key: 1 to 64 Latin letters, digits and : . _ - are expected")
        verdict = self._verdict(Operation.QUERY, [TopUp(key, phone="", amount=0)])
        if self._store.error_kept([key], asked=True):
            return went_wrong()
        return disturbed(verdict.disturbance, lambda: self._tell(key, verdict), self._crash)

    def numbers(self) -> Response:
        """POST /v1/numbers."""
        phones = read_phones(request.get_data())
        verdict = self._verdict(Operation.NUMBERS, [])
        results = [{"phone": phone, "served": is_served(phone)} for phone in phones]
        return disturbed(verdict.disturbance, lambda: jsonify({"results": results}), self._crash)

    def statement(self) -> Response:
        """GET /v1/statement?day=&after=&limit=."""
        day = _day(request.args.get("day", ""))
        after = request.args.get("after", "")
        limit = _limit(request.args.get("limit", str(_DEFAULT_LINES)))
        lines = list(self._lines(day)) if self._doctors else []
        topups = [TopUp(line.key, line.phone, line.amount) for line in lines]
        verdict = self._verdict(Operation.STATEMENT, topups)

        def told() -> Response:
            if self._doctors:
                page = page_of(doctored(lines, verdict), place_of(after), limit, verdict)
            else:
                page = self._store.statement(day, after, limit)
            return jsonify(page_json(day, page))

        return disturbed(verdict.disturbance, told, self._crash)

    def _verdict(self, operation: Operation, topups: Sequence[TopUp]) -> Verdict:
        with self._lock:
            self._counts[operation] += 1
            number = self._counts[operation]
        verdict = judge(self._script, Call(operation, number, topups), self._chance)
        self._store.note_faults(bool(verdict.disturbance) + len(verdict.touched))
        return verdict

    def _take(self, batch: Sequence[TopUp], verdict: Verdict) -> Response:
        rule = verdict.disturbance
        refusals = {**verdict.refusals, **_refusals(batch)}
        if rule is not None and rule.action is Action.LATE:
            self._store.postpone(batch, refusals, rule.seconds)
            return timed_out()
        if rule is not None and rule.action is Action.HALF_BATCH:
            batch = batch[: len(batch) // 2]
        results = self._store.act(batch, refusals, later=verdict.later, forgotten=verdict.forgotten)
        self._call_back(results, verdict)
        if rule is not None and rule.action is Action.SAVED_500:
            self._store.keep_error((topup.key for topup in batch), rule.seconds)
            return went_wrong()
        return jsonify({"results": [_quoted(result, verdict) for result in results]})

    def _call_back(self, results: Sequence[Result], verdict: Verdict) -> None:
        by_key = {result.key: result for result in results}
        for key, rule in verdict.told(Action.CALLBACK, Action.DUPLICATE_CALLBACK):
            if key in by_key:
                for _ in range(1 + (rule.action is Action.DUPLICATE_CALLBACK)):
                    self._store.tell(by_key[key], rule.seconds)
        for key, rule in verdict.told(Action.CONTRADICTORY_CALLBACK):
            if key in by_key:
                lie = _contradicted(by_key[key], self._chance(f"contradicts {key}"))
                self._store.tell(lie, rule.seconds)
        early = verdict.told(Action.EARLY_CALLBACK)
        self._caller.tell_now([by_key[key] for key, _ in early if key in by_key])

    def _tell(self, key: str, verdict: Verdict) -> Response:
        result = self._store.result(key)
        if result is None:
            return problem(404, "not_found", "no such key", key=key)
        return jsonify(_quoted(result, verdict))

    def _lines(self, day: date) -> Iterator[Payment]:
        """The whole day."""
        after: str | None = ""
        while after is not None:
            page = self._store.statement(day, after, MAX_LINES)
            yield from page.lines
            after = page.next

    def _crash(self) -> Response:
        # The count goes on after it: else the same call would end every process that follows.
        with self._lock:
            self._store.keep_calls({str(one): number for one, number in self._counts.items()})
        return end_hard()


def _refusals(batch: Sequence[TopUp]) -> Mapping[str, str]:
    return {topup.key: why for topup in batch if (why := refusal(topup.phone))}


def _quoted(result: Result, verdict: Verdict) -> dict[str, str | None]:
    if result.key in verdict.misquoted:
        return result_json(result, shown_amount=result.amount + MISQUOTED_BY)
    return result_json(result)


def _contradicted(result: Result, chance: float) -> Result:
    """Something else than what became of a top-up."""
    if result.status is Status.PAID and chance < 1 / 2:
        return replace(result, amount=result.amount + MISQUOTED_BY)
    if result.status is Status.PAID:
        return Result(result.key, Status.FAILED, result.amount, None, "number_closed")
    return Result(
        result.key, Status.PAID, result.amount, f"X{result.key}"[:64], None, datetime.now(UTC)
    )


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
