"""A request as it came in, and what of it is kept. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Shape(StrEnum):
    """What the kept bytes are made of."""

    JSON = "json"
    FORM = "form"
    """Names and values as in a query string; a GET is kept as its query."""
    XML = "xml"


_SHAPES = {
    "application/json": Shape.JSON,
    "application/x-www-form-urlencoded": Shape.FORM,
    "application/xml": Shape.XML,
    "text/xml": Shape.XML,
}


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes that a dialect reads, and that are kept: never with a key among them."""

    shape: Shape
    raw: bytes

    @property
    def identity(self) -> str:
        """An event id for messages that bring none: the same bytes are the same event."""
        digest = hashlib.sha256(self.shape.encode() + b"\0" + self.raw).hexdigest()
        return f"sha256:{digest}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A request to the front door. Names of ``headers`` are looked up in lower case."""

    method: str
    headers: Mapping[str, str]
    query: bytes = b""
    body: bytes = b""
    content: Content | None = field(init=False, repr=False, compare=False)
    """What it says; None when it is of no kind that any dialect reads."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "content", self._content())

    @property
    def form_size(self) -> int:
        """Bytes of the query string, or of a body that is a form where that is longer."""
        is_form = self.content is not None and self.content.shape is Shape.FORM
        return max(len(self.query), len(self.body) if is_form else 0)

    def _content(self) -> Content | None:
        if self.method == "GET":
            return Content(Shape.FORM, self.query)
        media = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        shape = _SHAPES.get(media)
        if shape is None or self.headers.get("content-encoding"):
            return None
        if shape is Shape.FORM and not self.body:
            return Content(shape, self.query)
        return Content(shape, self.body)
