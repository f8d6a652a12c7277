"""What a mapping may say, and the checks it must stand when it is saved. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from partners.intake.contracts import NoticeKind
from tracker.kit.errors import Invalid
from tracker.kit.formats.moments import MomentFormat
from tracker.kit.formats.numbers import NumberFormat, Unit
from tracker.kit.formats.saved import moment_format, number_format
from tracker.purchases.contracts import RejectReason
from webhooks.mapping.lines import LineRule, returns_rule, sale_rule
from webhooks.mapping.pointer import Pointer
from webhooks.mapping.sections import NOWHERE, Section
from webhooks.wire.letters import Shape

MAX_MAPPING = 64 * 1024
"""Bytes of a mapping as JSON."""

RECEIVED = "received"
"""Stands for a moment that the shop does not tell: when we received the event."""

IGNORED = "ignored"
_KINDS = tuple(str(kind) for kind in NoticeKind)
_STATING = frozenset({NoticeKind.CREATED, NoticeKind.UPDATED})
_SHAPES = (str(Shape.JSON), str(Shape.FORM))

Kinds = tuple[NoticeKind, ...]
"""What one word tells, in this order; nothing for a word that is ignored."""


class MappingInvalid(Invalid):
    """The mapping was read and is wrong: which key and why."""

    code = "mapping_invalid"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Which word of the shop's tells what; without a pointer every event tells the same."""

    at: Pointer | None
    words: Mapping[str, Kinds]
    always: Kinds = ()

    @property
    def told(self) -> set[NoticeKind]:
        """All that can be told in it."""
        return {kind for kinds in (self.always, *self.words.values()) for kind in kinds}


@dataclass(frozen=True, slots=True)
class Format:
    """A checked mapping. Pointers start at the event; where one is None, nothing is told."""

    shape: Shape
    schemes: tuple[str, ...]
    events: Pointer | None
    """Where the list of events is in the body; None: the body is one event."""
    kind: Vocabulary
    order_id: Pointer
    click_id: Pointer | None
    at: Pointer | None
    ordered_at: Pointer | None
    currency: Pointer | None
    currency_always: str | None
    currencies: Mapping[str, str]
    return_id: Pointer | None
    reason: Pointer | None
    reasons: Mapping[str, RejectReason]
    confirmed_amount: Pointer | None
    lines: LineRule | None
    returns: LineRule | None
    """None: a return is of everything."""
    numbers: NumberFormat
    dates: MomentFormat


def check(mapping: Any, schemes: tuple[str, ...]) -> Format:
    """The format that a mapping describes. ``schemes`` are the names of those it may choose from.

    Raises MappingInvalid with every key at fault.
    """
    if len(json.dumps(mapping, ensure_ascii=False).encode(errors="replace")) > MAX_MAPPING:
        raise MappingInvalid(f"A mapping is at most {MAX_MAPPING // 1024} KiB")
    faults: dict[str, str] = {}
    found = _format(Section(mapping, faults), schemes)
    if faults:
        raise MappingInvalid("The mapping was read and is wrong.", fields=faults)
    return found


def _format(top: Section, schemes: tuple[str, ...]) -> Format:
    shape = Shape(top.choice("shape", _SHAPES, Shape.JSON))
    kind = _vocabulary(top)
    told = kind.told
    always, currency = _currency(top, needed=bool(told & _STATING))
    lines = sale_rule(top) if told & _STATING or top.has("lines") else None
    found = Format(
        shape=shape,
        schemes=tuple(top.several("schemes", schemes, schemes)),
        events=top.pointer("events"),
        kind=kind,
        order_id=top.needed("order_id"),
        click_id=_pointer(top, "click_id", needed=bool(told & _STATING)),
        at=top.pointer_or("at", RECEIVED),
        ordered_at=_ordered_at(top, needed=bool(told & _STATING)),
        currency=currency,
        currency_always=always,
        currencies=top.dictionary("currencies"),
        return_id=_pointer(top, "return_id", needed=NoticeKind.RETURNED in told),
        reason=top.pointer("reason"),
        reasons=_reasons(top),
        confirmed_amount=top.pointer("confirmed_amount"),
        lines=lines,
        returns=returns_rule(top, lines, needed=NoticeKind.RETURNED in told),
        numbers=_numbers(top),
        dates=_dates(top),
    )
    _currencies(top, found)
    if shape is Shape.FORM:
        _flat(top, found)
    top.close()
    return found


def _pointer(top: Section, name: str, *, needed: bool) -> Pointer | None:
    return top.needed(name) if needed else top.pointer(name)


def _ordered_at(top: Section, *, needed: bool) -> Pointer | None:
    return top.pointer_or("ordered_at", RECEIVED) if needed or top.has("ordered_at") else None


def _vocabulary(top: Section) -> Vocabulary:
    section = top.inner("kind")
    if section.has("always"):
        always = _meaning(section, "always")
        if any([section.has("at"), section.has("words")]):
            section.fault("always", 'stands alone: either "always", or "at" with "words"')
        section.close()
        return Vocabulary(None, {}, always)
    at = section.needed("at")
    section.required("words")
    words = section.dictionary("words")
    inside = Section(words, top.faults, f"{section.path}/words")
    section.close()
    return Vocabulary(at, {word: _meaning(inside, word) for word in words})


def _meaning(section: Section, word: str) -> Kinds:
    """What one word tells: a kind, or a list of kinds that go together."""
    said = section.value(word)
    if said == IGNORED:
        return ()
    kinds = said if isinstance(said, list) else [said]
    if not kinds or not all(isinstance(one, str) and one in _KINDS for one in kinds):
        section.fault(word, f'must be "{IGNORED}", or one or several of {", ".join(_KINDS)}')
        return ()
    told = tuple(kind for kind in NoticeKind if kind in kinds)
    stating = sum(kind in _STATING for kind in told)
    if len(kinds) > 2 or stating > 1 or len(told) - stating > 1 or len(told) < len(kinds):
        why = "may tell created or updated, and one of confirmed, returned, cancelled besides"
        section.fault(word, why)
    return told


def _currency(top: Section, *, needed: bool) -> tuple[str | None, Pointer | None]:
    """The currency of everything, or where it stands."""
    said = top.required("currency") if needed else top.value("currency")
    if said is None:
        return None, None
    if isinstance(said, str) and said.startswith("/"):
        return None, top.pointer("currency")
    if not _is_currency(said):
        top.fault("currency", "must be a currency code such as RUB, or a JSON Pointer")
        return None, None
    return said, None


def _is_currency(said: Any) -> bool:
    return isinstance(said, str) and len(said) == 3 and said.isascii() and said.isupper()


def _currencies(top: Section, found: Format) -> None:
    if found.currencies and found.currency is None:
        top.fault("currencies", 'is needless where "currency" is no pointer')
    for word, meant in found.currencies.items():
        if not _is_currency(meant):
            Section({}, top.faults, f"{top.path}/currencies").fault(word, "must be a currency code")


def _reasons(top: Section) -> dict[str, RejectReason]:
    found = top.translations("reasons", [str(one) for one in RejectReason])
    if found and not top.has("reason"):
        top.fault("reasons", 'is needless without "reason"')
    return {word: RejectReason(meant) for word, meant in found.items()}


def _numbers(top: Section) -> NumberFormat:
    """How sums are written; their unit is told, for a guess could be wrong by a hundred times."""
    if not any(top.has(name) for name in ("lines", "returns", "confirmed_amount", "numbers")):
        return NumberFormat(Unit.RUBLES)
    section = top.inner("numbers")
    json_numbers = section.flag("json_numbers", default=False)
    return number_format(section, json_numbers=json_numbers)


def _dates(top: Section) -> MomentFormat:
    if not top.has("dates"):
        return MomentFormat()
    return moment_format(top.inner("dates"))


def _flat(top: Section, found: Format) -> None:
    """A form has fields and nothing within them."""
    if found.events is not None:
        top.fault("events", "a form is one event")
    for name, rule in (("lines", found.lines), ("returns", found.returns)):
        if rule and rule.many is not None:
            top.fault(name, 'a form has no lists: say "one": true')
    for path, pointer in _pointers(found):
        if len(pointer.parts) != 1 and pointer is not NOWHERE:
            top.faults.setdefault(path, 'in a form a pointer is "/" and the name of a field')


def _pointers(found: Format) -> list[tuple[str, Pointer]]:
    named = {
        "/kind/at": found.kind.at,
        **{
            f"/{name}": getattr(found, name)
            for name in (
                "order_id",
                "click_id",
                "at",
                "ordered_at",
                "currency",
                "return_id",
                "reason",
                "confirmed_amount",
            )
        },
        **{
            f"/{name}/{field}": getattr(rule, field)
            for name, rule in (("lines", found.lines), ("returns", found.returns))
            for field in ("line_id", "quantity", "amount", "sku", "category")
            if rule is not None
        },
    }
    return [(path, pointer) for path, pointer in named.items() if pointer is not None]
