"""What is held of a workbook besides its sheets: its texts, and which cells show days. Pure.

Both are read piece by piece: a part that is small in the file may hold millions of pieces, and the
library's objects take a thousand bytes for each. Here a text takes its bytes, and eight more.
"""

from array import array
from typing import IO, Any
from xml.etree.ElementTree import Element

from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import WINDOWS_EPOCH, from_excel
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from partners.reconciliation.rules import StatementRefused

MAX_LINE = 1024**2
"""Bytes that one line of a sheet takes, or characters of a text: all its cells together."""
MAX_TEXTS = 4_000_000
"""Texts that a workbook keeps apart from its cells: four for each line that a sheet can have."""
MAX_STYLES = 65_536
"""Ways in which cells are shown; programs for spreadsheets stop at as many."""

_MAX_CODE = 1_000
_TEXT, _RUN, _PLAIN = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("si", "r", "t"))
_CODE, _STYLES, _STYLE = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("numFmt", "cellXfs", "xf"))


class Bounded:
    """A part of which no more is read than one piece of it may take."""

    def __init__(self, packed: IO[bytes], what: str) -> None:
        self._packed = packed
        self._what = what
        self.given = 0
        """Bytes since the last piece was whole."""

    def read(self, size: int = -1) -> bytes:
        """Raises StatementRefused."""
        piece = self._packed.read(size)
        self.given += len(piece)
        if self.given > MAX_LINE:
            raise StatementRefused(f"{self._what} has over {MAX_LINE:,} bytes")
        return piece


class Texts:
    """The texts that cells name by their place, one behind the other."""

    def __init__(self, packed: IO[bytes] | None = None) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])
        if packed is not None:
            self._read(Bounded(packed, "a text of the workbook"))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: int) -> str:
        """Raises IndexError: none is counted from the end."""
        if not 0 <= place < len(self):
            raise IndexError("there is no such text")
        return self._bytes[self._ends[place] : self._ends[place + 1]].decode()

    def _read(self, source: Bounded) -> None:
        root = None
        for event, element in iterparse(source, events=("start", "end")):
            if root is None:
                root = element
            elif event == "end" and element.tag == _TEXT:
                if len(self) >= MAX_TEXTS:
                    raise StatementRefused(f"the workbook has more texts than {MAX_TEXTS:,}")
                self._bytes += _said(element).encode()
                self._ends.append(len(self._bytes))
                root.clear()
                source.given = 0


def _said(element: Element) -> str:
    """A text, whole or in runs that look differently; how it is pronounced is left out."""
    found = "".join(
        piece.text or ""
        for child in element
        for piece in (child.iterfind(_PLAIN) if child.tag == _RUN else (child,))
        if piece.tag == _PLAIN
    )
    return found.replace("x005F_", "")


class Days:
    """Which numbers are days, or spans of time, by how their cells are shown."""

    def __init__(self, packed: IO[bytes] | None = None, epoch: Any = WINDOWS_EPOCH) -> None:
        self._epoch = epoch
        self._days: set[int] = set()
        self._spans: set[int] = set()
        if packed is not None:
            self._read(Bounded(packed, "a style of the workbook"))

    def value(self, number: Any, style: int) -> Any:
        """A number as its cell shows it."""
        if style not in self._days:
            return number
        try:
            return from_excel(number, self._epoch, timedelta=style in self._spans)
        except (ArithmeticError, ValueError):
            return "#VALUE!"

    def _read(self, source: Bounded) -> None:
        codes: dict[int, str] = {}
        styles: list[int] = []
        above: list[Element] = []
        for event, element in iterparse(source, events=("start", "end")):
            if event == "start":
                if element.tag == _CODE:
                    code = element.get("formatCode", "")[:_MAX_CODE]
                    codes[int(element.get("numFmtId", 0))] = code
                elif element.tag == _STYLE and above and above[-1].tag == _STYLES:
                    styles.append(int(element.get("numFmtId", 0)))
                if max(len(codes), len(styles)) > MAX_STYLES:
                    raise StatementRefused(f"the workbook has over {MAX_STYLES:,} styles")
                above.append(element)
                continue
            above.pop()
            if above:
                above[-1].clear()
            if len(above) <= 2:
                source.given = 0
        shown = {one: codes.get(one) or builtin_format_code(one) for one in set(styles)}
        self._days = {place for place, one in enumerate(styles) if is_date_format(shown[one])}
        self._spans = {place for place, one in enumerate(styles) if is_timedelta_format(shown[one])}
