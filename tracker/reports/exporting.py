"""Files of reports: read in one moment by one connection, kept in pieces by another; fetched."""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Engine, select

from tracker.kit.database import snapshot, unit_of_work
from tracker.reports import csv_files, json_files, xlsx_files
from tracker.reports.contracts import Reports
from tracker.reports.models import ReportExport, ReportExportPiece
from tracker.reports.questions import report_named
from tracker.reports.reading import Reading, Shops, Sink
from tracker.reports.rules import Format
from tracker.reports.service import Claim, add_piece, finish, keep, see

WRITERS: Mapping[Format, Callable[[Reading, Sink], None]] = {
    Format.CSV: csv_files.write,
    Format.JSON: json_files.write,
    Format.XLSX: xlsx_files.write,
}
"""What makes each kind of file."""

PIECE = 4 * 1024 * 1024
_BEAT = 5.0
"""Seconds after which it is told how far one is, although no piece is full."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What it takes to write exports."""

    engine: Engine
    reports: Reports
    shops: Shops
    kept_for: timedelta
    """How long a file can be fetched."""


@dataclass(slots=True)
class _Pieces:
    """A sink that keeps what it takes with the export, a piece at a time."""

    engine: Engine
    held: Claim
    place: int = 0
    lines: int = 0
    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    waiting: bytearray = field(default_factory=bytearray)
    hand: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    """Keeps a piece while the next one is read."""
    kept: "Future[None] | None" = None
    told_at: float = field(default_factory=time.monotonic)

    def take(self, data: bytes, lines: int = 0) -> None:
        self.lines += lines
        self.size += len(data)
        self.digest.update(data)
        self.waiting += data
        while len(self.waiting) >= PIECE:
            self._keep(bytes(self.waiting[:PIECE]))
            del self.waiting[:PIECE]
        if time.monotonic() - self.told_at > _BEAT:
            self._keep(None)

    def end(self, kept_for: timedelta) -> None:
        """The last piece, and the seal."""
        if self.waiting:
            self._keep(bytes(self.waiting))
        self._wait()
        with unit_of_work(self.engine, "reports.finish") as session:
            finish(session, self.held, self.digest.hexdigest(), kept_for)

    def close(self) -> None:
        """Nothing is left in the hand."""
        self.hand.shutdown(cancel_futures=True)

    def _keep(self, piece: bytes | None) -> None:
        self._wait()
        self.kept = self.hand.submit(self._write, piece, self.place, self.lines, self.size)
        self.place += piece is not None
        self.told_at = time.monotonic()

    def _wait(self) -> None:
        """Raises what went wrong with the last piece."""
        if self.kept is not None:
            self.kept.result()

    def _write(self, piece: bytes | None, place: int, lines: int, size: int) -> None:
        with unit_of_work(self.engine, "reports.piece") as session:
            keep(session, self.held, lines=lines, size=size)
            if piece is not None:
                add_piece(session, self.held, place, piece)


def export(desk: Desk, held: Claim) -> None:
    """Write the file of a claim. Raises ExportLost when somebody else has it by now."""
    report = report_named(desk.reports, held.report)
    with closing(_Pieces(desk.engine, held)) as pieces:
        with snapshot(desk.engine) as session:
            reading = Reading.begin(session, report, held.asked, desk.shops.slugs(session))
            with unit_of_work(desk.engine, "reports.see") as noted:
                see(noted, held)
            WRITERS[held.format](reading, pieces)
        pieces.end(desk.kept_for)


def pieces_of(engine: Engine, export: ReportExport) -> Iterator[bytes]:
    """A file, piece by piece, each read by itself: whoever fetches slowly holds up nobody."""
    place, match = 0, {"export_id": export.id, "fence": export.fence}
    while True:
        with unit_of_work(engine) as session:
            body = session.scalar(select(ReportExportPiece.body).filter_by(**match, place=place))
        if body is None:
            return
        yield body
        place += 1
