"""The protocol's JSON: batches read strictly, results and statements written."""

import json
import re
from collections.abc import Sequence
from datetime import date

from sandbox.billing.topups import Page, Payment, Result, TopUp
from tracker.kit.money import format_rubles, parse_rubles

MAX_BATCH = 1000
"""Top-ups in one request."""

KEY = re.compile(r"[A-Za-z0-9:._-]{1,64}", re.ASCII)
"""What an idempotency key may be made of."""


class Unreadable(Exception):
    """A request that says something else than the protocol does: which part, and why."""


def read_batch(body: bytes) -> list[TopUp]:
    """The top-ups of a request. Raises Unreadable; then nothing of it may be done."""
    document = _fields(_json(body), {"topups"}, "body")
    entries = document["topups"]
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_BATCH:
        raise Unreadable(f"topups: a list of 1 to {MAX_BATCH} is expected")
    batch = [_topup(entry, f"topups[{index}]") for index, entry in enumerate(entries)]
    if len({topup.key for topup in batch}) != len(batch):
        raise Unreadable("topups: a key comes twice")
    return batch


def read_phones(body: bytes) -> list[str]:
    """The numbers of a question for whose they are. Raises Unreadable."""
    phones = _fields(_json(body), {"phones"}, "body")["phones"]
    if not isinstance(phones, list) or not 1 <= len(phones) <= MAX_BATCH:
        raise Unreadable(f"phones: a list of 1 to {MAX_BATCH} is expected")
    return [_text(phone, f"phones[{index}]") for index, phone in enumerate(phones)]


def result_json(result: Result, shown_amount: int | None = None) -> dict[str, str | None]:
    """A result as the protocol writes it; ``shown_amount`` misquotes it (a fault)."""
    return {
        "key": result.key,
        "status": result.status,
        "amount": format_rubles(result.amount if shown_amount is None else shown_amount),
        "reference": result.reference,
        "reason": result.reason,
        "at": result.at.isoformat() if result.at else None,
    }


def page_json(day: date, page: Page) -> dict[str, object]:
    """A page of a statement as the protocol writes it."""
    return {
        "day": day.isoformat(),
        "count": page.count,
        "total": format_rubles(page.total),
        "lines": [
            {
                "key": line.key,
                "phone": line.phone,
                "amount": format_rubles(line.amount),
                "reference": line.reference,
                "at": line.at.isoformat(),
            }
            for line in page.lines
        ],
        "next": page.next,
    }


def cursor_after(line: Payment) -> str:
    """Where the statement goes on after a line."""
    return f"{line.key} {line.reference}"


def place_of(cursor: str) -> tuple[str, str]:
    """The key and reference that a cursor stands for."""
    key, _, reference = cursor.partition(" ")
    return key, reference


def _json(body: bytes) -> object:
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise Unreadable("body: not JSON in UTF-8") from error


def _fields(value: object, names: set[str], where: str) -> dict[str, object]:
    if not isinstance(value, dict) or value.keys() != names:
        raise Unreadable(f"{where}: an object of exactly {', '.join(sorted(names))} is expected")
    return value


def _topup(entry: object, where: str) -> TopUp:
    fields = _fields(entry, {"key", "phone", "amount"}, where)
    key, phone, amount = (_text(fields[name], f"{where}.{name}") for name in _TOPUP)
    if not KEY.fullmatch(key):
        raise Unreadable(f"{where}.key: 1 to 64 Latin letters, digits and : . _ - are expected")
    return TopUp(key, phone, _amount(amount, f"{where}.amount"))


_TOPUP: Sequence[str] = ("key", "phone", "amount")


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or len(value) > 64 or not value.isascii():
        raise Unreadable(f"{where}: a string of at most 64 plain characters is expected")
    return value


def _amount(text: str, where: str) -> int:
    try:
        kopecks = parse_rubles(text)
    except ValueError as error:
        raise Unreadable(f"{where}: {error}") from error
    if kopecks == 0:
        raise Unreadable(f"{where}: more than nothing is expected")
    return kopecks
