"""Documents as bytes, and the seals over them."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tracker.kit.csvfiles import cell
from tracker.periods.books import Line

_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Seal:
    """What a document comes to."""

    lines: int
    """Without the header."""
    size: int
    """Bytes."""
    sha256: bytes


def pieces(lines: Iterable[Line]) -> Iterator[bytes]:
    """A document in CSV and UTF-8, a piece at a time; the same lines are the same bytes."""
    page = io.StringIO(newline="")
    writer = csv.writer(page, lineterminator="\n")
    for line in lines:
        writer.writerow([_harmless(one) for one in line])
        if page.tell() >= _PIECE:
            yield _taken(page)
    yield _taken(page)


def seal(lines: Iterable[Line]) -> Seal:
    """The seal over a document, in flat memory."""
    digest, size, count = hashlib.sha256(), 0, -1

    def counted() -> Iterator[Line]:
        nonlocal count
        for line in lines:
            count += 1
            yield line

    for piece in pieces(counted()):
        digest.update(piece)
        size += len(piece)
    return Seal(count, size, digest.digest())


def _harmless(text: str) -> str:
    # A sum below zero begins as a formula does, and is none.
    return text if text[:1] == "-" and text[1:].replace(".", "").isdigit() else cell(text)


def _taken(page: io.StringIO) -> bytes:
    said = page.getvalue().encode()
    page.seek(0)
    page.truncate()
    return said
