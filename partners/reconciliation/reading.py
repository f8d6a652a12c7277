"""From cells to what a statement says of an order; every fault by its line and column. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import IO, Any, TypeVar

from partners.reconciliation.cells import rows
from partners.reconciliation.formats import IGNORED, UNSAID, StatementFormat
from partners.reconciliation.rules import MAX_FAULTS, StatementRefused, Word
from partners.reconciliation.workbooks import MAX_XML

MAX_ID_BYTES = 200
"""Of an order's number, as in events."""
PORTION = 20_000
"""Lines between one word of how far it is and the next."""
MAX_EXACT = 10**15
"""From here on a spreadsheet has rounded a number."""

_BLANKS = {"\u00a0": "no-break space (U+00A0)", "\u202f": "narrow no-break space (U+202F)"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a statement; sums are kopecks."""

    line: int
    order_id: str | None
    """None: the line tells none, but a day and a sum."""
    ordered_at: datetime | None
    amount: int
    """Of the order, or of this line of it; below zero only where an order has several lines."""
    word: Word | None
    """None: the line says nothing of it."""
    commission: int | None
    click_id: str | None


@dataclass(frozen=True, slots=True)
class Named:
    """A line with a fault that names an order nevertheless: of that order nothing is known."""

    line: int
    order_id: str


@dataclass(slots=True)
class Reader:
    """Reads one file. What was found wrong is in it when all is read."""

    form: StatementFormat
    unpacked: int = MAX_XML
    """Bytes at which a workbook may come out."""
    faults: dict[str, str] = field(default_factory=dict)
    """The first of them: "line 17, Sum" with what is wrong."""
    refused: int = 0
    """Lines with a fault."""
    ignored: int = 0
    """Lines that tell of no order, or of one that is not to be looked at."""

    def read(
        self, file: IO[bytes], tell: Callable[[int], None] | None = None
    ) -> Iterator[Told | Named]:
        """The lines without a fault, and what the others name; ``tell`` hears now and then which
        line is being read.

        Raises StatementRefused when there is no telling lines.
        """
        lines = rows(file, self.form, self.unpacked)
        header = next(lines, None)
        if header is None or not any(map(_text, header[1])):
            raise StatementRefused(f"line {self.form.header}: there is no header")
        places = _places(header[1], self.form)
        moment = lru_cache(maxsize=4_096)(self._moment_of)
        for line, cells in lines:
            if tell and not line % PORTION:
                tell(line)
            texts = _first(cells)
            if texts is None or texts.casefold() in self.form.totals:
                self.ignored += texts is not None
                continue
            row = _Line(line, cells, places, self.form.columns)
            if any(map(_text, cells[len(header[1]) :])):
                row.fault("amount", "the line has more cells than the header has names")
            told = self._line(row, moment)
            if told is not None:
                yield told

    def _line(self, row: "_Line", moment: Callable[[Any], datetime]) -> Told | Named | None:
        meaning = row.read("status", self._meaning) if "status" in row.places else UNSAID
        if meaning == IGNORED:
            self.ignored += 1
            return None
        word = Word(meaning) if meaning not in (None, UNSAID) else None
        told = Told(
            row.line,
            row.optional("order_id", _identifier),
            row.optional("ordered_at", moment),
            self._amount(row, word),
            word,
            row.optional("commission", lambda value: self._kopecks(value, signed=True)),
            row.optional("click_id", _identifier),
        )
        row.optional("currency", self._currency)
        if told.order_id is None and told.ordered_at is None:
            row.fault("order_id", "is empty, and no day tells which order it may be")
        if row.faults:
            self.refused += 1
            for where, why in row.faults.items():
                if len(self.faults) < MAX_FAULTS:
                    self.faults[f"line {row.line}, {where}"] = why
            return Named(row.line, told.order_id) if told.order_id else None
        return told

    def _amount(self, row: "_Line", word: Word | None) -> int:
        """What came back of an order need not be told."""
        if word is Word.RETURNED and row.is_empty("amount"):
            return 0
        return row.read("amount", lambda one: self._kopecks(one, signed=self.form.by_lines)) or 0

    def _meaning(self, value: Any) -> str:
        word = _text(value).casefold()
        if word not in self.form.statuses:
            raise ValueError("is no status that the format knows")
        return self.form.statuses[word]

    def _currency(self, value: Any) -> None:
        if _text(value) != self.form.currency:
            raise ValueError(f"must be {self.form.currency}: nothing else is counted in")

    def _kopecks(self, value: Any, *, signed: bool) -> int:
        text = value
        negative = False
        if isinstance(value, str):
            text = value.strip()
            negative = signed and text[:1] in ("-", "\u2212")
            text = text[1:].lstrip() if negative else text
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            negative = signed and value < 0
            # A workbook keeps numbers as a spreadsheet shows them: to fifteen digits.
            if abs(value) >= MAX_EXACT:
                raise ValueError("must not be above a trillion roubles")
            text = Decimal(f"{abs(value) if negative else value:.15g}")
        try:
            kopecks = self.form.numbers.kopecks(text)
        except ValueError as error:
            raise ValueError(self._of_a_cell(str(error), text)) from error
        return -kopecks if negative else kopecks

    def _of_a_cell(self, why: str, text: Any) -> str:
        """A cell is no JSON; and of two blanks that look alike one is told by its name."""
        for blank, name in _BLANKS.items():
            if isinstance(text, str) and blank in text and blank not in self.form.numbers.thousands:
                return f'has a {name}, which "thousands" of the format does not name'
        return why.replace("a decimal string or JSON number", "a sum")

    def _moment_of(self, value: Any) -> datetime:
        if isinstance(value, datetime):
            found = value
        elif isinstance(value, date):
            found = datetime.combine(value, time())
        else:
            return self.form.dates.read(value.strip() if isinstance(value, str) else value)
        if not 2000 <= found.year < 2100:
            raise ValueError("must lie in the years 2000 to 2099")
        return found.replace(tzinfo=self.form.zone)


@dataclass(slots=True)
class _Line:
    """One line and its faults, by the shop's own names of its columns."""

    line: int
    cells: Sequence[Any]
    places: Mapping[str, int]
    names: Mapping[str, str]
    faults: dict[str, str] = field(default_factory=dict)

    def fault(self, column: str, why: str) -> None:
        self.faults.setdefault(self.names[column], why)

    def _cell(self, column: str) -> Any:
        place = self.places.get(column)
        return None if place is None or place >= len(self.cells) else self.cells[place]

    def is_empty(self, column: str) -> bool:
        return not _text(self._cell(column))

    def optional(self, column: str, read: Callable[[Any], T]) -> T | None:
        """A cell; None where it is empty, or at fault."""
        return None if self.is_empty(column) else self.read(column, read)

    def read(self, column: str, read: Callable[[Any], T]) -> T | None:
        """A cell; None where it is at fault."""
        if self.is_empty(column):
            self.fault(column, "is empty")
            return None
        try:
            return read(self._cell(column))
        except ValueError as error:
            self.fault(column, str(error))
            return None


def _places(header: Sequence[Any], form: StatementFormat) -> dict[str, int]:
    """Where the columns stand. Raises StatementRefused."""
    names = [" ".join(_text(one).split()) for one in header]
    faults = {}
    places = {}
    for ours, theirs in form.columns.items():
        wanted = " ".join(theirs.split())
        if names.count(wanted) == 1:
            places[ours] = names.index(wanted)
        elif wanted in names:
            faults[f"line {form.header}, {theirs}"] = "two columns are called so"
        else:
            # Not what stands there: of a file without a header that is somebody's order.
            there = f"there is no such column among the {len(names)} of the line"
            faults[f"line {form.header}, {theirs}"] = there
    if faults:
        raise StatementRefused("The columns are not those of the format.", fields=faults)
    return places


def _first(cells: Sequence[Any]) -> str | None:
    """The first cell that says something; None of an empty line."""
    return next((text for text in map(_text, cells) if text), None)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    return "" if value is None else str(value)


def _identifier(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if abs(value) >= MAX_EXACT:
            raise ValueError("is a number that a spreadsheet has rounded: let the column be text")
        value = f"{value:.15g}"
    if not isinstance(value, str):
        raise ValueError("must be a text or a number")
    found = value.strip()
    if len(found.encode()) > MAX_ID_BYTES or not found.isprintable():
        raise ValueError(f"must have 1 to {MAX_ID_BYTES} bytes, all printable")
    return found
