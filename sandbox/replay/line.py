"""A connection to the product that is kept open from one request to the next.

The standard library's client: a replay sends a hundred thousand requests from beside the servers
that it measures, and this one takes the least of the processor from them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

LOST = (OSError, HTTPException)
"""The connection broke: what was asked may have been done, or may not."""

_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the product said."""

    status: int
    retry_after: float | None
    """Seconds, when it says so."""
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object of the body; empty when it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Line:
    """One connection, for one thread. It is opened when needed and anew after it broke."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=_SECONDS)
        self._base = parts.path.rstrip("/")

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send one request and wait for its answer. Raises one of LOST."""
        try:
            self._connection.request(method, self._base + path, body, dict(headers or {}))
            response = self._connection.getresponse()
            content = response.read()
        except LOST:
            self.close()
            raise
        return Answer(response.status, _seconds(response.headers.get("Retry-After")), content)

    def close(self) -> None:
        """Hang up; the next request opens the line again."""
        self._connection.close()


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdigit() else None
