"""Which statements of a purchase hold, and what they come to together. Pure.

The outcome is a function of the set of statements: the order in which they come changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple

from tracker.purchases.contracts import Line, PurchaseStated

UNDATED = datetime.min.replace(tzinfo=UTC)
"""Where a statement without a moment stands among others: before all that have one."""


class Rank(NamedTuple):
    """Of two statements the one of higher rank holds.

    Proved before unproved, whole before piecemeal, restated before first told, the later before
    the earlier; then the smaller amount, and at last the message's name.
    """

    trusted: bool
    whole: bool
    amended: bool
    at: datetime
    less: int
    """The amount in kopecks, negated."""
    source: str

    @property
    def standing(self) -> tuple[bool, bool]:
        """Words of a lower standing count for nothing beside words of a higher one."""
        return self.trusted, self.whole


@dataclass(frozen=True, slots=True)
class Piece:
    """A line, and the rank of the word that told it."""

    line: Line
    rank: Rank


@dataclass(frozen=True)
class Stated:
    """A purchase as its statements tell it together."""

    rank: Rank
    """Of the whole statement that holds; of a purchase in pieces, of the one that names the click.
    """
    click_id: str | None
    ordered_at: datetime
    feed: str
    lines: Mapping[str, Piece]
    heard_at: datetime | None = None
    """When the last word that counts was received, in business time; None where nobody told."""

    @cached_property
    def total(self) -> int:
        """Kopecks of all lines."""
        return sum(piece.line.amount for piece in self.lines.values())

    @cached_property
    def amounts(self) -> dict[str, int]:
        """Kopecks by line."""
        return {line_id: piece.line.amount for line_id, piece in self.lines.items()}


def read(report: PurchaseStated) -> Stated:
    """One statement by itself. Of a line that stands twice in it the smaller amount holds."""
    at = report.at if report.dated else UNDATED
    lines: dict[str, Piece] = {}
    for line in report.lines:
        rank = Rank(report.trusted, report.whole, report.amended, at, -line.amount, report.source)
        if line.line_id not in lines or rank > lines[line.line_id].rank:
            lines[line.line_id] = Piece(line, rank)
    less = -sum(piece.line.amount for piece in lines.values()) if report.whole else 0
    return Stated(
        Rank(report.trusted, report.whole, report.amended, at, less, report.source),
        report.click_id,
        report.ordered_at,
        report.feed,
        lines,
        report.received_at if report.dated else report.received_at or report.at,
    )


def merge(known: Stated | None, told: Stated) -> Stated:
    """What is known when one more statement was told; ``known`` itself when nothing changes."""
    if known is None or told.rank.standing > known.rank.standing:
        return told
    if told.rank.standing < known.rank.standing:
        return known
    if not told.rank.whole:
        return _united(known, told)
    return told if told.rank > known.rank else known


def _united(known: Stated, told: Stated) -> Stated:
    """Pieces together: each line by its best word, the click by the best word that names one."""
    lines = dict(known.lines)
    for line_id, piece in told.lines.items():
        if line_id not in lines or piece.rank > lines[line_id].rank:
            lines[line_id] = piece
    header = max(known, told, key=lambda one: (one.click_id is not None, one.rank))
    heard = [one.heard_at for one in (known, told) if one.heard_at]
    united = Stated(
        header.rank,
        header.click_id,
        min(known.ordered_at, told.ordered_at),
        header.feed,
        lines,
        max(heard, default=None),
    )
    return known if united == known else united


def extends(known: Stated | None, fresh: Stated) -> bool:
    """Whether the lines of pieces known stand as they are, with others added at most."""
    if known is None or fresh.rank.whole or known.rank.standing != fresh.rank.standing:
        return False
    return all(fresh.lines[line_id] == piece for line_id, piece in known.lines.items())


def only_lowers(known: Stated, fresh: Stated) -> bool:
    """Whether nobody can gain by the change: the same promise, no new line, none of them dearer."""
    if fresh.click_id != known.click_id or fresh.ordered_at < known.ordered_at:
        return False
    before = known.amounts
    return all(
        line_id in before and amount <= before[line_id] for line_id, amount in fresh.amounts.items()
    )


def hold_starts(stated: Stated, clicked_at: datetime) -> datetime:
    """From when the days of the hold are counted.

    From the order, but not before the click that it is credited to: a date that was written wrongly
    would else be confirmed money at once. Whoever wrote an unproved word may have written any date
    into it, so that then it is not before we heard either: a shop must have the time to object.
    """
    starts = max(stated.ordered_at, clicked_at)
    if stated.rank.trusted:
        return starts
    return max(starts, stated.heard_at or starts)
