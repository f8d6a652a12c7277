"""What a list was sealed as, kept beside it, and what of it is different now.

The seal's own text in pieces: their bytes, one after the other, are what the SHA-256 is over. Made
by PostgreSQL: a million lines never pass through a program one by one.
"""

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.settlement.models import SettlementRun
from tracker.settlement.queries import sealed_lines
from tracker.settlement.rules import SealDiffers, SealedLine, seal_of_text

LINES = 1_000
"""Of a piece."""

FIRST = 10
"""How many of the lines that differ are told."""

_STREAM = 50
"""Pieces that are fetched together."""


@dataclass(frozen=True, slots=True)
class LineDiffers:
    """One line that is not as it was sealed; None: it was not there, or is gone."""

    member_id: int
    number_id: int
    sealed: int | None
    found: int | None


@dataclass(frozen=True, slots=True)
class Differences:
    """How many lines differ, and the first of them."""

    count: int
    first: tuple[LineDiffers, ...]


def keep(session: Session, period: str) -> tuple[int, int, str]:
    """Keep the list that was drawn up: its lines, their sum in kopecks, and its seal."""
    session.execute(_KEEP, {"period": period, "lines": LINES})
    kept = session.execute(_SUMS, {"period": period}).one()
    return int(kept.lines), int(kept.total), seal_kept(session, period)


def seal_kept(session: Session, period: str) -> str:
    """The seal of what was kept."""
    return seal_of_text(period, _bodies(session, period))


def seal_now(session: Session, period: str) -> str:
    """The seal that the list would have now: `rules.seal` of its lines."""
    given = {"period": period, "lines": LINES}
    pieces = session.scalars(_NOW, given, execution_options={"yield_per": _STREAM})
    return seal_of_text(period, pieces)


def see_that_it_is_as_sealed(session: Session, run: SettlementRun) -> None:
    """Raises SealDiffers, which tells the first lines that differ and how many there are."""
    found = seal_now(session, run.period)
    if found != run.sha256:
        raise seal_differs(run.period, differences(session, run.period))


def seal_differs(period: str, found: Differences) -> SealDiffers:
    """The error that tells what differs: sums in kopecks, no phone numbers."""
    first = "; ".join(
        f"member {one.member_id}, number {one.number_id}: {_told(one.sealed)} sealed,"
        f" {_told(one.found)} now"
        for one in found.first
    )
    error = SealDiffers(
        f"the list of {period} was changed after it was sealed: {found.count} lines differ"
        + (f" (kopecks: {first}{'; …' if found.count > len(found.first) else ''})" if first else "")
    )
    error.period = period
    return error


def _told(amount: int | None) -> str:
    return "nothing" if amount is None else str(amount)


def differences(session: Session, period: str, limit: int = FIRST) -> Differences:
    """What was sealed and is not there now, or the other way round; flat in memory."""
    sealed = ((_place(line), 0, line.amount) for line in lines_kept(session, period))
    found = ((_place(line), 1, line.amount) for line in sealed_lines(session, period))
    count, first = 0, []
    for (member, number), lines in groupby(heapq.merge(sealed, found), key=lambda one: one[0]):
        amounts = {side: amount for _, side, amount in lines}
        if amounts.get(0) != amounts.get(1):
            count += 1
            if count <= limit:
                first.append(LineDiffers(member, number, amounts.get(0), amounts.get(1)))
    return Differences(count, tuple(first))


def lines_kept(session: Session, period: str) -> Iterator[SealedLine]:
    """The lines as they were sealed, in their order."""
    for body in _bodies(session, period):
        for line in body.splitlines():
            yield SealedLine(*map(int, line.split(" ")))


def not_as_sealed(
    session: Session, period: str, lines: Collection[SealedLine]
) -> list[LineDiffers]:
    """Those of some lines that were not sealed so; only the pieces concerned are looked at."""
    if not lines:
        return []
    members = sorted({line.member_id for line in lines})
    given = {"period": period, "members": members, "least": members[0], "most": members[-1]}
    wanted = {f"{line.member_id} {line.number_id}" for line in lines}
    kept: dict[str, str] = {}
    for body in session.scalars(_PIECES, given, execution_options={"yield_per": _STREAM}):
        # What is sent last may stand in every piece: of each only what was asked for is held.
        told = map(_split, body.splitlines())
        kept.update((whose, amount) for whose, amount in told if whose in wanted)
    found = ((line, kept.get(f"{line.member_id} {line.number_id}")) for line in lines)
    return [
        LineDiffers(line.member_id, line.number_id, None if was is None else int(was), line.amount)
        for line, was in found
        if was != str(line.amount)
    ]


def see_that_lines_are_as_sealed(
    session: Session, lines: Mapping[str, Collection[SealedLine]]
) -> None:
    """Of some lines by their periods that are about to be sent. Raises SealDiffers."""
    for period, some in lines.items():
        found = not_as_sealed(session, period, some)
        if found:
            raise seal_differs(period, Differences(len(found), tuple(found[:FIRST])))


def _split(line: str) -> tuple[str, str]:
    whose, _, amount = line.rpartition(" ")
    return whose, amount


def _place(line: SealedLine) -> tuple[int, int]:
    return line.member_id, line.number_id


def _bodies(session: Session, period: str) -> Iterable[str]:
    given = {"period": period}
    return session.scalars(_KEPT, given, execution_options={"yield_per": _STREAM})


_LISTED = """
    SELECT place, min(member_id) AS first_member, max(member_id) AS last_member,
           count(*) AS lines, sum(amount) AS total,
           string_agg(member_id || ' ' || number_id || ' ' || amount || chr(10), ''
                      ORDER BY member_id, number_id) AS body
    FROM (
        SELECT member_id, number_id, amount,
               (row_number() OVER (ORDER BY member_id, number_id) - 1) / :lines AS place
        FROM payouts WHERE period = :period
    ) AS numbered
    GROUP BY place
"""

_KEEP = text(f"""
    INSERT INTO sealed_chunks (period, place, first_member, last_member, lines, total, body)
    SELECT :period, place, first_member, last_member, lines, total, body FROM ({_LISTED}) AS listed
""")  # noqa: S608 (two texts of this file put together)

_NOW = text(f"""
    SELECT body FROM ({_LISTED}) AS listed ORDER BY place
""")  # noqa: S608 (two texts of this file put together)

_KEPT = text("SELECT body FROM sealed_chunks WHERE period = :period ORDER BY place")

_SUMS = text("""
    SELECT coalesce(sum(lines), 0) AS lines, coalesce(sum(total), 0) AS total
    FROM sealed_chunks WHERE period = :period
""")

# Only pieces that tell of some of the members. Their whole span is looked at first: what is sent
# together mostly stands together, and a thousand members need not be held beside each piece.
_PIECES = text("""
    SELECT body FROM sealed_chunks AS chunks
    WHERE period = :period AND first_member <= :most AND last_member >= :least
      AND EXISTS (
          SELECT FROM unnest(CAST(:members AS bigint[])) AS given (member_id)
          WHERE given.member_id BETWEEN chunks.first_member AND chunks.last_member
      )
    ORDER BY place
""")
