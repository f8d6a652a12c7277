"""The billing protocol's JSON, pure: top-ups written, answers and statements read strictly.

An answer counts only when every part of it is as the protocol says. Anything else leaves the
top-ups it concerns unknown, which is always safe: they are asked about later.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from tracker.gateways.doubts import Doubt, Doubtful
from tracker.kit.clock import moscow_date
from tracker.kit.moments import moment_of
from tracker.kit.money import format_rubles, parse_rubles
from tracker.kit.strict_json import NotStrictJson, decode
from tracker.settlement.ports import Answer, Outcome, Reach, StatementLine, TopUp

_REFERENCE = re.compile(r"[!-~]{1,64}", re.ASCII)
_REASON = re.compile(r"[a-z0-9_]{1,64}", re.ASCII)
_RESULT = {"key", "status", "amount", "reference", "reason", "at"}
_LINE = {"key", "phone", "amount", "reference", "at"}
_PAGE = {"day", "count", "total", "lines", "next"}
_CURSOR = re.compile(r"[ -~]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a day's statement; ``count`` and ``total`` (kopecks) are the whole day's."""

    count: int
    total: int
    lines: list[StatementLine]
    next: str | None


def write_batch(batch: Sequence[TopUp]) -> dict[str, object]:
    """The body of a request for top-ups."""
    return {
        "topups": [
            {"key": topup.key, "phone": topup.phone, "amount": format_rubles(topup.amount)}
            for topup in batch
        ]
    }


def read_answers(body: bytes, batch: Sequence[TopUp]) -> list[Answer]:
    """One answer for each top-up asked for, in order.

    Raises Doubtful when the reply as a whole says nothing about anyone.
    """
    results = _list(_members(_json(body), {"results"})["results"])
    keyed = [(_key_of(result), result) for result in results]
    times = Counter(key for key, _ in keyed)
    if times.keys() - {topup.key for topup in batch}:
        raise Doubtful(Doubt.FOREIGN_KEY)
    by_key = dict(keyed)
    return [_answer_for(topup, times[topup.key], by_key.get(topup.key)) for topup in batch]


def read_answer(body: bytes, topup: TopUp) -> Answer:
    """What became of one top-up. Raises Doubtful."""
    result = _json(body)
    if _key_of(result) != topup.key:
        raise Doubtful(Doubt.FOREIGN_KEY)
    return _answer_for(topup, 1, result)


def says_not_found(body: bytes, key: str) -> bool:
    """Whether a refusal is the operator's word that it knows no such key.

    A page of some proxy on the way is a 404 too: only one that names the key counts.
    """
    try:
        problem = _json(body)
    except Doubtful:
        return False
    return (
        isinstance(problem, dict)
        and problem.get("code") == "not_found"
        and problem.get("key") == key
    )


def read_reach(body: bytes, phones: Sequence[str]) -> list[Reach]:
    """Which of the numbers asked about are the operator's own, in order. Raises Doubtful."""
    results = [
        _members(entry, {"phone", "served"})
        for entry in _list(_members(_json(body), {"results"})["results"])
    ]
    if [one["phone"] for one in results] != list(phones):
        raise Doubtful(Doubt.FOREIGN_KEY)
    if not all(isinstance(one["served"], bool) for one in results):
        raise Doubtful(Doubt.MALFORMED)
    return [Reach.SERVED if one["served"] else Reach.NOT_SERVED for one in results]


def read_page(body: bytes, day: date, before: StatementLine | None) -> Page:
    """The page of a day's statement that follows a line, or the first. Raises Doubtful."""
    page = _members(_json(body), _PAGE)
    count, following = page["count"], page["next"]
    if type(count) is not int or following == "":
        raise Doubtful(Doubt.MALFORMED)
    if following is not None:
        following = _text(following, _CURSOR)
    lines = [read_line(entry) for entry in _list(page["lines"])]
    order = [(line.key, line.reference) for line in ([before] if before else []) + lines]
    if (
        page["day"] != day.isoformat()
        or any(moscow_date(line.at) != day for line in lines)
        or any(left >= right for left, right in pairwise(order))
        or (following is not None and not lines)
    ):
        raise Doubtful(Doubt.INCONSISTENT)
    return Page(count, _amount(page["total"]), lines, following)


def _answer_for(topup: TopUp, times: int, result: object) -> Answer:
    try:
        if times != 1:
            raise Doubtful(Doubt.REPEATED if times else Doubt.MISSING)
        answer, amount = read_result(result)
        if amount != topup.amount:
            raise Doubtful(Doubt.OTHER_AMOUNT)
    except Doubtful as error:
        return Answer(topup.key, Outcome.UNKNOWN, reason=error.reason)
    return answer


def read_result(entry: object) -> tuple[Answer, int]:
    """An answer and the amount that it is about, in kopecks. Raises Doubtful."""
    result = _members(entry, _RESULT)
    key, status = _text(result["key"]), result["status"]
    reference, reason = result["reference"], result["reason"]
    amount = _amount(result["amount"])
    if status == Outcome.PAID and reason is None:
        paid_at = _moment(result["at"])
        said = Answer(key, Outcome.PAID, reference=_text(reference), paid_at=paid_at)
    elif result["at"] is not None or reference is not None:
        raise Doubtful(Doubt.MALFORMED)
    elif status == Outcome.FAILED:
        said = Answer(key, Outcome.FAILED, reason=_text(reason, _REASON))
    elif status == Outcome.ACCEPTED and reason is None:
        said = Answer(key, Outcome.ACCEPTED)
    else:
        raise Doubtful(Doubt.MALFORMED)
    return said, amount


def read_line(entry: object) -> StatementLine:
    """A line of a statement. Raises Doubtful."""
    line = _members(entry, _LINE)
    at = _moment(line["at"])
    key, phone = _text(line["key"]), _text(line["phone"])
    reference = _text(line["reference"], _REFERENCE)
    return StatementLine(key, phone, _amount(line["amount"]), reference, at)


def _moment(value: object) -> datetime:
    at = moment_of(_text(value))
    if at is None:
        raise Doubtful(Doubt.MALFORMED)
    return at


def _json(body: bytes) -> object:
    try:
        return decode(body)
    except NotStrictJson as error:
        raise Doubtful(Doubt.NOT_JSON) from error


def _members(value: object, names: set[str]) -> dict[str, object]:
    if not isinstance(value, dict) or value.keys() != names:
        raise Doubtful(Doubt.MALFORMED)
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Doubtful(Doubt.MALFORMED)
    return value


def _key_of(result: object) -> str:
    return _text(result.get("key") if isinstance(result, dict) else None)


def _text(value: object, form: re.Pattern[str] = _REFERENCE) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise Doubtful(Doubt.MALFORMED)
    return value


def _amount(value: object) -> int:
    if not isinstance(value, str):
        raise Doubtful(Doubt.MALFORMED)
    try:
        return parse_rubles(value)
    except ValueError as error:
        raise Doubtful(Doubt.MALFORMED) from error
