"""Lines of a bank's statement, as a CSV file."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from marshmallow import ValidationError

from partners.receivables.payments import Paid
from partners.receivables.rules import OURS
from tracker.kit.csvfiles import FileInvalid, Once, Row, Writing, read_rows
from tracker.kit.fields import Day
from tracker.kit.money import MAX_KOPECKS, parse_rubles

COLUMNS = ("bank_reference", "received_on", "amount")
_TEXTS = ("payer", "purpose")
_LONGEST = 500


_THOUSANDS = re.compile(r"(\d{1,3})((?:[ \u00a0\u2009\u202f]\d{3})+)(?=[.,]|$)", re.ASCII)
_DAY = re.compile(r"(\d\d)\.(\d\d)\.(\d{4})", re.ASCII)


def read(path: Path, shops: Mapping[str, int], writing: Writing) -> Iterator[Paid]:
    """The payments of a file: ``bank_reference, received_on, amount`` and, if there, ``payer,
    purpose, shop`` (its slug). Raises FileInvalid."""
    once = Once("bank_reference")
    for row in read_rows(path, required=COLUMNS, writing=writing):
        once.look(row["bank_reference"], row.line)
        yield _paid(row, shops)


def _paid(row: Row, shops: Mapping[str, int]) -> Paid:
    faults = {}
    amount, day = 0, date.min
    try:
        amount = parse_rubles(_plain(row["amount"]))
    except ValueError as error:
        faults["amount"] = str(error)
    else:
        if not 0 < amount <= MAX_KOPECKS:
            faults["amount"] = "a sum above zero is expected"
    try:
        day = Day().deserialize(_DAY.sub(r"\3-\2-\1", row["received_on"]))
    except ValidationError as error:
        faults["received_on"] = str(error.messages[0])
    slug = row.get("shop", "")
    if slug and slug not in shops:
        faults["shop"] = "no shop has this slug"
    for name in ("bank_reference", *_TEXTS):
        said = row.get(name, "")
        if len(said) > _LONGEST or not said.isprintable():
            faults[name] = f"up to {_LONGEST} printable characters are expected"
    if OURS.fullmatch(row["bank_reference"]):
        faults["bank_reference"] = "so we number what is written off, or moved to another shop"
    if faults:
        raise FileInvalid(f"line {row.line}", fields=faults)
    texts = {name: row.get(name, "") for name in _TEXTS}
    return Paid(row["bank_reference"], amount, day, shop_id=shops.get(slug), **texts)


def _plain(told: str) -> str:
    """``1530.00`` of ``1 530,00``, whichever blank parts the thousands."""
    joined = _THOUSANDS.sub(lambda found: re.sub(r"\D", "", found[0]), told)
    return joined.replace(",", ".")
