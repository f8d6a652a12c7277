"""Where the lines of a purchase and of a return stand. Pure."""

from dataclasses import dataclass

from webhooks.mapping.pointer import Pointer
from webhooks.mapping.sections import Section

POSITION = "position"
"""In the place of a line id: the line's place in the list, from 1 on."""

ONLY_LINE = "1"
"""The line id of an order that is told as one sum."""

ALL = "all"
SAME = "lines"
_LINE, _PIECE = "line", "piece"


@dataclass(frozen=True, slots=True)
class LineRule:
    """How lines are read. Pointers start at the line: an entry of the list, or the event itself."""

    many: Pointer | None
    """Where the list is; None: the event is one line."""
    line_id: Pointer | None
    """None: the place in the list, or ONLY_LINE where there is no list."""
    quantity: Pointer | None
    """None: one of each."""
    amount: Pointer
    per_piece: bool
    """Whether the amount is of one piece instead of the whole line."""
    sku: Pointer | None = None
    category: Pointer | None = None
    whole: bool = True
    """Whether an event tells all lines of its order."""


def sale_rule(top: Section) -> LineRule:
    """The rule of a purchase's lines."""
    section = top.inner("lines")
    whole = section.flag("whole", default=True)
    rule = _rule(section, whole=whole, sku=section.pointer("sku"), cat=section.pointer("category"))
    if not whole and rule.line_id is None:
        why = "must be a JSON Pointer where an event tells some of the lines: which one is it?"
        section.fault("line_id", why)
    section.close()
    return rule


def returns_rule(top: Section, lines: LineRule | None, *, needed: bool) -> LineRule | None:
    """The rule of a return's lines; None where a return is always of everything."""
    said = top.required("returns") if needed else top.value("returns")
    if said in (None, ALL):
        return None
    if said == SAME:
        if lines is None:
            top.fault("returns", f'says "{SAME}", and there is no "lines"')
        elif lines.many is not None and lines.line_id is None:
            why = "a place in the list of what came back tells nothing of a line of the purchase"
            top.fault("returns", f"{why}: map them by themselves, with a line_id")
        return lines
    if not isinstance(said, dict):
        top.fault("returns", f'must be "{ALL}", "{SAME}" or an object as "lines" is')
        return None
    section = top.inner("returns")
    rule = _rule(section, whole=True)
    _fits(section, rule, lines)
    section.close()
    return rule


def _fits(section: Section, rule: LineRule, lines: LineRule | None) -> None:
    """A return names lines as the purchase does, or it would never find them."""
    unnamed = lines is not None and lines.many is None and lines.line_id is None
    if unnamed and (rule.line_id is not None or rule.many is not None):
        section.fault("line_id", f'the only line of a purchase is "{ONLY_LINE}": say "one": true')
    elif not unnamed and rule.line_id is None:
        section.fault("line_id", "must be a JSON Pointer: which line of the purchase is it?")


def _rule(
    section: Section, *, whole: bool, sku: Pointer | None = None, cat: Pointer | None = None
) -> LineRule:
    many = section.pointer("many")
    if section.flag("one", default=False) == section.has("many"):
        section.fault("", 'must say either "many", a pointer to a list, or "one": true')
    listed = section.has("many")
    line_id = section.pointer_or("line_id", POSITION) if listed else section.pointer("line_id")
    quantity = section.pointer("quantity")
    per_piece = section.choice("amount_is", (_LINE, _PIECE), _LINE) == _PIECE
    if quantity is not None and not section.has("amount_is"):
        section.fault("amount_is", f'is missing: "{_LINE}" for the whole line, or "{_PIECE}"')
    if quantity is None and per_piece:
        section.fault("amount_is", f'"{_PIECE}" needs a "quantity"')
    return LineRule(
        many if listed else None,
        line_id,
        quantity,
        section.needed("amount"),
        per_piece,
        sku,
        cat,
        whole,
    )
