"""Link templates: where a click leads, and why it can lead nowhere else. Pure.

A template is an address of the shop, or of the network that works for it, with placeholders behind
the host. What is put in is percent-encoded to the last character that could mean something in an
address; so whatever it is, scheme and host stay those that were imported.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

from tracker.kit.errors import Conflict

CLICK_ID = "click_id"
PLACEHOLDERS = (CLICK_ID, "sub_id", "shop")
"""What a template may ask for. The first it must have: by it the order is known again."""

MAX_TEMPLATE = 2_000
MAX_ADDRESS = 4_000
"""Characters. Longer addresses are cut by some browsers and servers."""

_ORIGIN = re.compile(
    r"https?://(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)*(?!-)[a-z0-9-]{1,63}(?<!-)(?::[1-9][0-9]{0,4})?",
    re.ASCII | re.IGNORECASE,
)
_LITERAL = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*", re.ASCII)
_CONTROL = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])", re.ASCII)
_PIECES = re.compile(r"\{([^{}]*)\}")


class LinkNotUsable(Conflict):
    """The shop's link cannot be followed as it stands; staff have to see to it."""

    code = "link_not_usable"


@dataclass(frozen=True, slots=True)
class LinkTemplate:
    """A template that was looked at: its origin, and behind it literals and names in turn."""

    origin: str
    """Scheme, host and perhaps a port: no value reaches them."""
    pieces: tuple[str, ...]
    """Literal, name, literal, …, literal."""

    def filled(self, values: Mapping[str, str]) -> str:
        """The address with its values. Raises LinkNotUsable when it would not be one of ours."""
        parts = [
            quote(values.get(piece, ""), safe="", errors="replace") if place % 2 else piece
            for place, piece in enumerate(self.pieces)
        ]
        address = self.origin + "".join(parts)
        if not leads_to(address, self.origin):
            raise LinkNotUsable
        return address


def leads_to(address: str, origin: str) -> bool:
    """Whether an address leads to an origin, by whatever reads it: looked at once more when made.

    Nothing may be in it that one reader takes for the end of a host and another does not.
    """
    if len(address) > MAX_ADDRESS or not _LITERAL.fullmatch(address) or _CONTROL.search(address):
        return False
    behind = address.removeprefix(origin)
    parts = urlsplit(address)
    return behind[:1] in ("", "/", "?") and f"{parts.scheme}://{parts.netloc}" == origin


@lru_cache(maxsize=20_000)
def template_of(text: str) -> LinkTemplate:
    """A template by its text. Raises ValueError."""
    if len(text) > MAX_TEMPLATE:
        raise ValueError(f"up to {MAX_TEMPLATE} characters are expected")
    found = _ORIGIN.match(text)
    if found is None or text[found.end() : found.end() + 1] not in ("/", "?"):
        raise ValueError(
            "http:// or https://, a host in Latin letters (others as xn--…) and a path or a query"
            " are expected, without a user and without placeholders in the host"
        )
    if any(int(port) > 65_535 for port in re.findall(r":(\d+)$", found[0])):
        raise ValueError("there is no such port")
    pieces = tuple(_PIECES.split(text[found.end() :]))
    for fault in _faults(pieces):
        raise ValueError(fault)
    return LinkTemplate(found[0].lower(), pieces)


def read_link_template(text: str) -> str:
    """A template that may be kept. Raises ValueError."""
    template_of(text)
    return text


def _faults(pieces: tuple[str, ...]) -> Iterator[str]:
    literals, names = pieces[::2], pieces[1::2]
    if any(name not in PLACEHOLDERS for name in names):
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        yield f"no other placeholders and braces than {known} are expected"
    if CLICK_ID not in names:
        yield "the placeholder {click_id} is expected in the path or the query"
    if any(not _LITERAL.fullmatch(one) or _CONTROL.search(one) for one in literals):
        yield "characters of addresses are expected, others percent-encoded"
    if any("#" in one for one in literals[:-1]):
        yield "no placeholder is expected behind a #: servers do not see it"
