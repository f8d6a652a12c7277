"""The pages of docs/ as data: fenced blocks and tables, each with the headings it stands under."""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S
)
_HEADING = re.compile(r"^#+ +(.*)$")
_RULE = re.compile(r"^\|[ :]*-[-| :]*\|$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block."""

    heading: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table's rows, by the names in its first line; unnamed columns are "0", "1" and so on."""

    heading: str
    rows: tuple[dict[str, str], ...]


def page(name: str) -> str:
    """A page of docs/."""
    return (ROOT / "docs" / name).read_text()


def blocks(text: str) -> list[Block]:
    """All fenced blocks, in order."""
    return [
        Block(_heading_before(text, found.start()), found["language"], dedent(found["text"]))
        for found in _FENCE.finditer(text)
    ]


def tables(text: str) -> list[Table]:
    """All tables, in order."""
    found: list[Table] = []
    heading = ""
    lines = _FENCE.sub("", text).splitlines()
    for number, line in enumerate(lines):
        if title := _HEADING.match(line):
            heading = title[1]
        if number and _RULE.match(line.strip()):
            names = [name or str(place) for place, name in enumerate(_cells(lines[number - 1]))]
            rows = []
            for row in lines[number + 1 :]:
                if not row.strip().startswith("|"):
                    break
                rows.append(dict(zip(names, _cells(row), strict=True)))
            found.append(Table(heading, tuple(rows)))
    return found


def table(text: str, heading: str) -> Table:
    """The one table under a heading."""
    (found,) = [one for one in tables(text) if one.heading == heading]
    return found


def code(cell: str) -> list[str]:
    """What stands between backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def matches(shown: str, got: str) -> bool:
    """Whether an output is the one that a page shows, where … stands for anything."""
    pattern = ".*".join(re.escape(part) for part in _trimmed(shown).split("…"))
    return re.fullmatch(pattern, _trimmed(got)) is not None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _heading_before(text: str, place: int) -> str:
    titles = re.findall(r"^#+ +(.*)$", text[:place], re.M)
    return titles[-1] if titles else ""


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
