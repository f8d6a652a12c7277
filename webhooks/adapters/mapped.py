"""A dialect of a shop's own making: read by the mapping that is kept with the shop. Pure."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from partners.intake.contracts import PurchaseNotice
from tracker.kit.strict_json import decode
from webhooks.mapping.reading import read
from webhooks.mapping.schema import Format, check
from webhooks.schemes.keys import HEADER_KEY, URL_KEY
from webhooks.schemes.standard import STANDARD
from webhooks.wire import forms
from webhooks.wire.dialect import Dialect
from webhooks.wire.letters import Content, Shape
from webhooks.wire.reading import Faults

_SCHEMES = {one.name: one for one in (STANDARD, HEADER_KEY, URL_KEY)}


def from_mapping(mapping: Mapping[str, Any]) -> Dialect:
    """The dialect that a mapping describes. Raises MappingInvalid with every key at fault."""
    found = check(mapping, tuple(_SCHEMES))
    return Dialect(
        "mapped",
        "a format of the shop's own, read by its mapping",
        partial(_read, found),
        # In our order, not in the mapping's: what proves more is asked for first.
        tuple(scheme for name, scheme in _SCHEMES.items() if name in found.schemes),
        frozenset({found.shape}),
        frozenset({"POST", "GET"} if found.shape is Shape.FORM else {"POST"}),
    )


def _read(
    format_: Format, content: Content, received_at: datetime, faults: Faults
) -> tuple[PurchaseNotice, ...]:
    return read(_decoded(content), format_, received_at, faults)


def _decoded(content: Content) -> Any:
    if content.shape is not Shape.FORM:
        return decode(content.raw)
    # A form has no other way to leave a field out than to leave it empty.
    return {name: value for name, value in forms.decode(content.raw).items() if value}
