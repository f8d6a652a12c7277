"""How the outcome of a comparison looks to a shop. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from tracker.kit.clock import moscow_date
from tracker.kit.money import format_rubles
from tracker.purchases.days import DayTotals, Order
from webhooks.totals.rules import Buckets, Difference, Verdict

Notes = Mapping[str, Mapping[str, Any]]
"""What more there is to say of an order, by its number."""


def verdict_shown(verdict: Verdict, day: date, booking: int, notes: Notes) -> dict[str, Any]:
    """All that was found."""
    shown = plain_verdict(verdict, day, booking)
    if verdict.matches:
        return shown
    if verdict.ours is not None:
        shown["ours"] = _totals(verdict.ours)
    if verdict.buckets is not None:
        shown["buckets"] = _buckets(verdict.buckets)
    if verdict.difference is not None:
        shown |= _difference(verdict.difference, notes)
    return shown


def plain_verdict(verdict: Verdict, day: date, booking: int) -> dict[str, Any]:
    """Whether it matches, and nothing of ours."""
    shown: dict[str, Any] = {
        "date": day.isoformat(),
        "status": "match" if verdict.matches else "differs",
    }
    if booking:
        shown["booking"] = booking
    return shown


def note(
    *, state: str | None, reason: str | None, known: bool, ordered_at: datetime | None
) -> dict[str, Any]:
    """What is said of an order beside where it differs: what holds it up in the inbox, and on which
    other date it stands in our books (null: on none, for it was never reported itself)."""
    said: dict[str, Any] = {}
    if state:
        said["inbox"] = {"state": state} | ({"reason": reason} if reason else {})
    if known:
        said["known"] = {"date": moscow_date(ordered_at).isoformat() if ordered_at else None}
    return said


def _totals(totals: DayTotals) -> dict[str, Any]:
    return {
        "count": totals.count,
        "sum": format_rubles(totals.amount),
        "by_status": {
            str(word): {"count": tally.count, "sum": format_rubles(tally.amount)}
            for word, tally in totals.by_word.items()
        },
        "hash": totals.sha256,
    }


def _buckets(buckets: Buckets) -> list[dict[str, Any]]:
    return [
        {
            "from": within.first,
            "to": within.end,
            "count": one.count,
            "sum": format_rubles(one.amount),
            "hash": one.sha256,
        }
        for within, one in buckets
    ]


def _difference(found: Difference, notes: Notes) -> dict[str, Any]:
    return {
        "missing": [_order(one) | dict(notes.get(one.order_id, {})) for one in found.missing],
        "extra": [_order(one) for one in found.extra],
        "amount_mismatch": [
            {
                "order_id": ours.order_id,
                "ours": format_rubles(ours.amount),
                "theirs": format_rubles(theirs.amount),
                **notes.get(ours.order_id, {}),
            }
            for ours, theirs in found.amounts
        ],
        "status_mismatch": [
            {
                "order_id": ours.order_id,
                "ours": str(ours.word),
                "theirs": str(theirs.word),
                **notes.get(ours.order_id, {}),
            }
            for ours, theirs in found.words
        ],
    }


def _order(one: Order) -> dict[str, Any]:
    return {
        "order_id": one.order_id,
        "amount": format_rubles(one.amount),
        "status": str(one.word),
    }
