"""A shop's event, read by its mapping. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from partners.intake.contracts import NoticeKind, PurchaseNotice
from tracker.kit.formats.sections import MAX_WORD
from tracker.kit.money import MAX_KOPECKS
from tracker.purchases.contracts import Line, RejectReason, ReturnLine
from webhooks.mapping.lines import ONLY_LINE, LineRule
from webhooks.mapping.places import Place, word_of
from webhooks.mapping.pointer import Pointer
from webhooks.mapping.schema import Format, Kinds
from webhooks.wire.dialect import MAX_NOTICES
from webhooks.wire.loose import MAX_FAULTS
from webhooks.wire.reading import MAX_ITEMS, Faults

_CODE = re.compile(r"[A-Z]{3}")
_WORDS_SHOWN = 30
_STATING = (NoticeKind.CREATED, NoticeKind.UPDATED)


def read(
    body: Any, format_: Format, received_at: datetime, faults: Faults
) -> tuple[PurchaseNotice, ...]:
    """The notices in a decoded body; the fields at fault are noted."""
    notices: list[PurchaseNotice] = []
    for event in _events(body, format_, faults):
        notices += _notices(event, format_, received_at)
        if len(faults) > MAX_FAULTS:
            break  # Enough to go by: the events behind are not looked at.
    return tuple(notices)


def _events(body: Any, format_: Format, faults: Faults) -> Iterator[Place]:
    if format_.events is None:
        yield Place(body, "", faults)
        return
    pointer = format_.events
    if not pointer.parts:
        # The body itself is the list: let it be the unnamed field of an object.
        body, pointer = {"": body}, Pointer("", ("",))
    yield from Place(body, "", faults).items(pointer, MAX_NOTICES)


def _notices(event: Place, format_: Format, received_at: datetime) -> Iterator[PurchaseNotice]:
    kinds, word = _kinds(event, format_)
    if not kinds:
        return
    at = event.moment(format_.at, format_, received_at) if format_.at else received_at
    order_id = event.identifier(format_.order_id)
    currency = _currency(event, format_, needed=kinds[0] in _STATING)
    for kind in kinds:
        yield PurchaseNotice(
            kind,
            at,
            order_id,
            currency=currency,
            dated=format_.at is not None,
            upstream=word,
            **_details(kind, event, format_, received_at),
        )


def _details(
    kind: NoticeKind, event: Place, format_: Format, received_at: datetime
) -> dict[str, Any]:
    """What only notices of this kind tell."""
    match kind:
        case NoticeKind.CREATED | NoticeKind.UPDATED:
            ordered_at = format_.ordered_at
            return {
                "click_id": event.optional_identifier(format_.click_id),
                "ordered_at": (
                    event.moment(ordered_at, format_, received_at) if ordered_at else received_at
                ),
                "lines": _sale(event, format_),
                "whole": format_.lines is None or format_.lines.whole,
            }
        case NoticeKind.CONFIRMED:
            amount = format_.confirmed_amount
            told = amount is not None and event.find(amount) is not None
            return {"amount": event.kopecks(amount, format_) if amount and told else None}
        case NoticeKind.RETURNED:
            return {
                "return_id": event.identifier(format_.return_id) if format_.return_id else None,
                "return_lines": _returned(event, format_),
                **_reason(event, format_),
            }
        case NoticeKind.CANCELLED:
            return _reason(event, format_)


def _kinds(event: Place, format_: Format) -> tuple[Kinds, str | None]:
    """What an event tells, and the shop's own word for it."""
    kind = format_.kind
    if kind.at is None:
        return kind.always, None
    said = event.find(kind.at)
    word = word_of(said)
    if not isinstance(word, str) or word not in kind.words:
        event.fault(kind.at, _unknown(word, sorted(kind.words)))
        return (), None
    return kind.words[word], word


def _unknown(word: Any, known: list[str]) -> str:
    if word is None:
        return "is missing"
    if not isinstance(word, str):
        return "must be a word of the mapping, as a string or a whole number"
    more = ", …" if len(known) > _WORDS_SHOWN else ""
    said = repr(word[:MAX_WORD])
    return f"{said} is not among the mapping's words: {', '.join(known[:_WORDS_SHOWN])}{more}"


def _currency(event: Place, format_: Format, *, needed: bool) -> str | None:
    pointer = format_.currency
    if pointer is None:
        return format_.currency_always
    found = event.find(pointer)
    if found is None and not needed:
        return None
    word = word_of(found)
    if isinstance(word, str) and word in format_.currencies:
        return format_.currencies[word]
    reader, name = event.reader(pointer)
    if isinstance(word, str) and format_.currencies and not _CODE.fullmatch(word):
        known = ", ".join(sorted(format_.currencies)[:_WORDS_SHOWN])
        said = repr(word[:MAX_WORD])
        reader.fault(name, f"{said} is no code such as RUB, nor among `currencies`: {known}")
    return reader.currency(name)


def _reason(event: Place, format_: Format) -> dict[str, Any]:
    said = event.optional_text(format_.reason)
    return {
        "reason": said,
        "reject_reason": format_.reasons.get(said or "", RejectReason.OTHER),
    }


def _sale(event: Place, format_: Format) -> tuple[Line, ...]:
    rule = format_.lines
    if rule is None:
        return ()
    lines = tuple(
        Line(
            line_id,
            quantity,
            amount,
            item.optional_text(rule.sku),
            item.optional_text(rule.category),
        )
        for item, line_id, quantity, amount in _each(event, rule, format_)
    )
    if len({line.line_id for line in lines}) < len(lines):
        event.fault(rule.many or rule.amount, "a line id stands twice")
    return lines


def _returned(event: Place, format_: Format) -> tuple[ReturnLine, ...] | None:
    if format_.returns is None:
        return None
    each = _each(event, format_.returns, format_)
    return tuple(ReturnLine(line_id, quantity, amount) for _, line_id, quantity, amount in each)


def _each(event: Place, rule: LineRule, format_: Format) -> Iterator[tuple[Place, str, int, int]]:
    """The lines of an event: where each stands, its id, its quantity, its sum in kopecks."""
    total = 0
    items = [event] if rule.many is None else event.items(rule.many, MAX_ITEMS)
    for place, item in enumerate(items, start=1):
        line_id = item.identifier(rule.line_id) if rule.line_id else _unnamed(rule, place)
        quantity = item.count(rule.quantity, format_)
        amount = item.kopecks(rule.amount, format_) * (quantity if rule.per_piece else 1)
        total += amount
        yield item, line_id, quantity, amount
    if total > MAX_KOPECKS:
        event.fault(rule.many or rule.amount, "come to more than a trillion roubles")


def _unnamed(rule: LineRule, place: int) -> str:
    return ONLY_LINE if rule.many is None else str(place)
