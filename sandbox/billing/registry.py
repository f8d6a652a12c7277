"""Stands in for an operator that takes registries: files in, the same books, files out.

The format is described in ``docs/registries.md``.
"""

import hashlib
import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sandbox.billing.doctored import doctored
from sandbox.billing.faults import Action, Call, Operation, Script, Verdict, seeded
from sandbox.billing.judging import judge
from sandbox.billing.numbers import refusal
from sandbox.billing.store import Store
from sandbox.billing.topups import KeyConflict, Payment, TopUp
from sandbox.billing.wire import result_json
from tracker.kit.clock import Clock, moscow_date
from tracker.kit.money import format_rubles, parse_rubles

_REGISTRY = "key,phone,amount"
_ACKNOWLEDGEMENT = ("key", "status", "amount", "reference", "reason", "at")
_STATEMENT = ("key", "phone", "amount", "reference", "at")
_PAGE = 5000
_NOT_NOW = frozenset(
    {Action.TIMEOUT_BEFORE_ACTING, Action.ERROR_500_BEFORE_ACTING, Action.RATE_LIMIT}
)
"""What these befall stays where it lies, and is looked at again."""
_UNTOLD = frozenset(
    {Action.TIMEOUT_AFTER_ACTING, Action.ERROR_500_AFTER_ACTING, Action.SAVED_500, Action.DROP}
)
"""What these befall is done and never acknowledged: a statement shows it."""


class NotWhole(Exception):
    """A file is not whole, or not what it says."""


class RegistryDesk:
    """Looks into a folder's ``out/`` and answers in its ``in/``."""

    def __init__(self, folder: Path, store: Store, script: Script, clock: Clock) -> None:
        self._out, self._in = folder / "out", folder / "in"
        self._store, self._script, self._clock = store, script, clock
        self._chance = seeded(script.seed)
        self._numbers = {operation: itertools.count(1) for operation in Operation}
        self._stated = moscow_date(clock.now()) - timedelta(days=1)

    def look(self) -> int:
        """Take what lies there, tell what is due, state the days that are over; returns how many
        registries were taken."""
        taken = sum(self._take(path) for path in sorted(self._out.glob("topups-*.csv")))
        self._store.carry_out_due()
        due = self._store.tellings()
        for number, body in due.items():
            self._acknowledge([json.loads(body)], f"told-{number}")
        if due:
            self._store.told(due)
        while self._stated < moscow_date(self._clock.now()):
            self._state(self._stated)
            self._stated += timedelta(days=1)
        return taken

    def _take(self, path: Path) -> bool:
        try:
            batch = read_registry(path.read_bytes())
        except NotWhole:
            return False
        verdict = self._verdict(Operation.SUBMIT, batch)
        rule = verdict.disturbance
        if rule is not None and rule.action in _NOT_NOW:
            return False
        refusals = {**verdict.refusals, **{t.key: why for t in batch if (why := refusal(t.phone))}}
        if rule is not None and rule.action is Action.LATE:
            self._store.postpone(batch, refusals, rule.seconds)
            path.unlink()
            return True
        if rule is not None and rule.action is Action.HALF_BATCH:
            batch = batch[: len(batch) // 2]
        try:
            results = self._store.act(
                batch, refusals, later=verdict.later, forgotten=verdict.forgotten
            )
        except KeyConflict:
            path.rename(path.with_suffix(".conflict"))
            return False
        if results and not (rule is not None and rule.action in _UNTOLD):
            self._acknowledge([result_json(one) for one in results], path.stem)
        path.unlink()
        return True

    def _acknowledge(self, results: Sequence[Mapping[str, Any]], name: str) -> None:
        rows = [[str(one[field] or "") for field in _ACKNOWLEDGEMENT] for one in results]
        total = sum(parse_rubles(str(one["amount"])) for one in results)
        # Never the same name twice: the one before may have been taken already.
        _put(self._in, f"ack-{name}-{os.urandom(4).hex()}.csv", _ACKNOWLEDGEMENT, rows, total)

    def _state(self, day: date) -> None:
        lines = list(self._lines(day))
        topups = [TopUp(line.key, line.phone, line.amount) for line in lines]
        lines = doctored(lines, self._verdict(Operation.STATEMENT, topups))
        rows = [
            [line.key, line.phone, format_rubles(line.amount), line.reference, line.at.isoformat()]
            for line in lines
        ]
        total = sum(line.amount for line in lines)
        _put(self._in, f"statement-{day.isoformat()}.csv", _STATEMENT, rows, total)

    def _lines(self, day: date) -> Iterator[Payment]:
        after: str | None = ""
        while after is not None:
            page = self._store.statement(day, after, _PAGE)
            yield from page.lines
            after = page.next

    def _verdict(self, operation: Operation, topups: Sequence[TopUp]) -> Verdict:
        call = Call(operation, next(self._numbers[operation]), topups)
        return judge(self._script, call, self._chance)


def read_registry(content: bytes) -> list[TopUp]:
    """The top-ups of a registry that is whole. Raises NotWhole."""
    try:
        head, *rows, end = content.decode("ascii").splitlines()
        body = content[: content.rindex(b"END,")]
        word, count, total, digest = end.split(",")
        batch = [
            TopUp(key, phone, parse_rubles(amount)) for key, phone, amount in map(_cells, rows)
        ]
        right = (word, int(count), parse_rubles(total), digest) == (
            "END",
            len(batch),
            sum(one.amount for one in batch),
            hashlib.sha256(body).hexdigest(),
        )
    except ValueError as error:
        raise NotWhole("it has no trailer yet, or is no registry") from error
    if head != _REGISTRY or not right or not batch:
        raise NotWhole("its trailer speaks of another content")
    return batch


def _cells(row: str) -> tuple[str, str, str]:
    key, phone, amount = row.split(",")
    return key, phone, amount


def _put(
    folder: Path, name: str, fields: Sequence[str], rows: Sequence[Sequence[str]], total: int
) -> None:
    """A file with its trailer, whole from the moment it has its name."""
    body = "".join(",".join(row) + "\n" for row in (fields, *rows)).encode("ascii")
    digest = hashlib.sha256(body).hexdigest()
    part = folder / f"{name}.part"
    part.write_bytes(body + f"END,{len(rows)},{format_rubles(total)},{digest}\n".encode("ascii"))
    part.chmod(0o640)
    part.rename(folder / name)
