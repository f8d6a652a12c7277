"""How a shop writes its statements: data, checked when it is saved. Pure.

docs/finance/statements.md is its reference.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from partners.reconciliation.rules import Word
from tracker.kit.clock import MOSCOW
from tracker.kit.errors import Invalid
from tracker.kit.formats.moments import MomentFormat
from tracker.kit.formats.numbers import NumberFormat, Unit
from tracker.kit.formats.saved import moment_format, number_format
from tracker.kit.formats.sections import Section
from tracker.kit.money import parse_rubles

MAX_FORMAT = 32 * 1024
MAX_NAME = 100
"""Characters of a column's name."""
MAX_HEADER = 50
ENCODINGS = ("utf-8", "utf-16", "windows-1251", "cp866", "koi8-r", "iso-8859-1")
DELIMITERS = (",", ";", "\t", "|")
IGNORED = "ignored"
UNSAID = "unsaid"
COLUMNS = ("order_id", "ordered_at", "amount", "status", "commission", "click_id", "currency")


class Shape(StrEnum):
    """What the file is."""

    CSV = "csv"
    XLSX = "xlsx"


class FormatInvalid(Invalid):
    """The format was read and is wrong: which key and why."""

    code = "statement_format_invalid"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Sums that differ by no more than either are alike."""

    kopecks: int = 0
    basis_points: int = 0
    """Of our sum."""


@dataclass(frozen=True, slots=True)
class StatementFormat:
    """A checked format."""

    shape: Shape
    encoding: str
    delimiter: str
    sheet: str | None
    """None: the first one."""
    header: int
    """The line on which the columns have their names; what stands above it is not read."""
    columns: Mapping[str, str]
    """The shop's name of each column that is read, by ours."""
    statuses: Mapping[str, str]
    """A Word, IGNORED or UNSAID by the shop's own word, in small letters."""
    totals: frozenset[str]
    """A line whose first cell is one of these is no order: "Total"."""
    by_lines: bool
    """Whether an order may stand on several lines, which are added up."""
    currency: str
    numbers: NumberFormat
    dates: MomentFormat
    tolerance: Tolerance

    @property
    def zone(self) -> ZoneInfo:
        """Where the shop's days begin."""
        return ZoneInfo(self.dates.zone) if self.dates.zone else MOSCOW


def check(told: Any) -> StatementFormat:
    """The format that is told. Raises FormatInvalid with every key at fault."""
    text = json.dumps(told, ensure_ascii=False, default=str)  # fractions come as Decimals
    if len(text.encode(errors="replace")) > MAX_FORMAT:
        raise FormatInvalid(f"A format is at most {MAX_FORMAT // 1024} KiB")
    faults: dict[str, str] = {}
    found = _format(Section(told, faults))
    if faults:
        raise FormatInvalid("The format was read and is wrong.", fields=faults)
    return found


def _format(top: Section) -> StatementFormat:
    shape, encoding, delimiter, sheet, header = _file(top)
    columns = _columns(top)
    found = StatementFormat(
        shape=shape,
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
        header=header,
        columns=columns,
        statuses=_statuses(top, columns),
        totals=_totals(top),
        by_lines=top.choice("rows", ("orders", "lines"), "orders") == "lines",
        currency=_currency(top),
        numbers=_numbers(top),
        dates=moment_format(top.inner("dates")) if top.has("dates") else MomentFormat(),
        tolerance=_tolerance(top),
    )
    top.close()
    return found


def _file(top: Section) -> tuple[Shape, str, str, str | None, int]:
    section = top.inner("file")
    section.required("kind")
    shape = Shape(section.choice("kind", [str(one) for one in Shape], Shape.CSV))
    encoding, delimiter, sheet = "utf-8", ",", None
    if shape is Shape.CSV:
        encoding = section.choice("encoding", ENCODINGS, "utf-8")
        delimiter = section.choice("delimiter", DELIMITERS, ",")
    else:
        sheet = _text(section, "sheet")
    header = section.value("header")
    if header is None:
        header = 1
    if type(header) is not int or not 1 <= header <= MAX_HEADER:
        section.fault("header", f"must be the number of a line, 1 to {MAX_HEADER}")
        header = 1
    section.close()
    return shape, encoding, delimiter, sheet, header


def _text(section: Section, name: str) -> str | None:
    found = section.value(name)
    if found is None:
        return None
    if not isinstance(found, str) or not 0 < len(found) <= MAX_NAME or found != found.strip():
        why = f"must be a text of 1 to {MAX_NAME} characters, with no blanks around it"
        section.fault(name, why)
        return None
    return found


def _columns(top: Section) -> dict[str, str]:
    section = top.inner("columns")
    for needed in ("order_id", "amount"):
        section.required(needed)
    named = {name: _text(section, name) for name in COLUMNS}
    found = {name: column for name, column in named.items() if column is not None}
    for name, column in found.items():
        if list(found.values()).count(column) > 1:
            section.fault(name, "is the same column as another one")
    section.close()
    return found


def _statuses(top: Section, columns: Mapping[str, str]) -> dict[str, str]:
    found = top.translations("statuses", [*map(str, Word), IGNORED, UNSAID])
    if bool(found) != ("status" in columns):
        why = "goes with a column for the status: either both or none"
        top.fault("statuses", why)
    if len({word.casefold() for word in found}) < len(found):
        top.fault("statuses", "has a word twice, but for capital letters")
    return {word.casefold(): meant for word, meant in found.items()}


def _totals(top: Section) -> frozenset[str]:
    found = top.value("totals")
    if found is None:
        return frozenset()
    if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
        top.fault("totals", "must be a list of texts")
        return frozenset()
    return frozenset(one.strip().casefold() for one in found[:MAX_HEADER])


def _currency(top: Section) -> str:
    """The programme counts in roubles alone; the shop's own word for them may be another."""
    return _text(top, "currency") or "RUB"


def _numbers(top: Section) -> NumberFormat:
    found = number_format(top.inner("numbers"), json_numbers=True)
    if found.unit is Unit.KOPECKS and found.decimal != ".":
        top.fault("numbers", 'kopecks have no decimals: leave "decimal" out')
    return found


def _tolerance(top: Section) -> Tolerance:
    if not top.has("tolerance"):
        return Tolerance()
    section = top.inner("tolerance")
    found = Tolerance(_sum(section, "amount"), _sum(section, "percent"))
    section.close()
    return found


def _sum(section: Section, name: str) -> int:
    said = section.value(name)
    if said is None:
        return 0
    try:
        found = parse_rubles(said) if isinstance(said, str) else -1
    except ValueError:
        found = -1
    if not 0 <= found <= _LARGEST:
        section.fault(name, 'must be a decimal string such as "1.00", up to "100.00"')
        return 0
    return found


_LARGEST = 100_00
"""Kopecks, or basis points: what differs by more than that is never alike."""
