"""A day's statement with faults in its lines. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from sandbox.billing.faults import Action, Verdict
from sandbox.billing.topups import Page, Payment
from sandbox.billing.wire import cursor_after

MISQUOTED_BY = 100
"""Kopecks by which a misquoted amount is off."""


def doctored(lines: Sequence[Payment], verdict: Verdict) -> list[Payment]:
    """The lines as a statement with these faults tells them, in order; sums follow the lines."""
    told: list[Payment] = []
    for line in lines:
        told += _told(line, {rule.action for rule in verdict.touched.get(line.key, ())})
    return sorted(told, key=lambda line: (line.key, line.reference))


def page_of(lines: Sequence[Payment], place: tuple[str, str], limit: int, verdict: Verdict) -> Page:
    """The page beyond a place, with the faults of the call as a whole."""
    rule = verdict.disturbance
    rest = [line for line in lines if (line.key, line.reference) > place]
    if rule is not None and rule.action is Action.STATEMENT_PAGE_MISSING:
        rest = rest[limit:]
    wrong = rule is not None and rule.action is Action.STATEMENT_COUNT
    more = len(rest) > limit
    return Page(
        len(lines) + int(wrong),
        sum(line.amount for line in lines),
        rest[:limit],
        cursor_after(rest[limit - 1]) if more else None,
    )


def _told(line: Payment, actions: set[Action]) -> list[Payment]:
    if Action.STATEMENT_OMITS in actions:
        return []
    if Action.STATEMENT_ADDS in actions:
        return [line, replace(line, key=f"{line.key}:nobody", reference=f"{line.reference}N")]
    if Action.STATEMENT_AMOUNT in actions:
        return [replace(line, amount=line.amount + MISQUOTED_BY)]
    if Action.STATEMENT_REPEATS in actions:
        return [line, replace(line, reference=f"{line.reference}R")]
    return [line]
