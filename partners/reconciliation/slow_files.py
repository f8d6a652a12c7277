"""A file that may be read for long before a line comes of it: a workbook's texts come first."""

from collections.abc import Callable
from io import RawIOBase
from time import monotonic
from typing import IO, Any

REST = 10.0
"""Seconds between one word that it is still being read and the next; a lease is of sixty."""


class Slow(RawIOBase):
    """The same file; ``still`` is called now and then while it is read.

    No piece of a packed file comes out at more than a thousand times its size, so that a few
    seconds at most lie between one reading and the next.
    """

    def __init__(self, file: IO[bytes], still: Callable[[], None]) -> None:
        self._file = file
        self._still = still
        self._told = monotonic()

    def readinto(self, into: Any, /) -> int:
        """The next bytes; how many they are."""
        if monotonic() - self._told > REST:
            self._still()
            self._told = monotonic()
        place = memoryview(into)
        piece = self._file.read(len(place))
        place[: len(piece)] = piece
        return len(piece)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """As of any file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As of any file."""
        return self._file.tell()

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True
