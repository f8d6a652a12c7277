"""The cases of a trial: what a shop is asked for, and when that has come and was answered rightly.

A case looks at all that has come, so a shop may also send everything at once. Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass

from webhooks.trials.partial import partial_return, why_not_partial
from webhooks.trials.proofs import (
    ask_rotated,
    ask_stale,
    ask_wrong_signature,
    hint_rotated,
    hint_stale,
    hint_wrong_signature,
    rotated,
    skip_stale,
    stale,
    wrong_signature,
)
from webhooks.trials.rules import (
    LET_IN,
    NOTHING,
    STATING,
    VERDICTS,
    Attempt,
    Finding,
    Outcome,
    Record,
    found,
    kinds_of,
    refusal,
)


def _never(_: Record) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that a shop is asked to show."""

    name: str
    title: str
    ask: Callable[[Record], str]
    judge: Callable[[Record], Finding]
    hint: Callable[[Record, Attempt], str]
    """Why an attempt that was let in does not do, for people; may be empty."""
    skip: Callable[[Record], str] = _never
    """Why it does not apply to this shop; empty where it does."""
    is_optional: bool = False
    """Asked for only by name."""
    needs_second: bool = False
    """Goes by a second secret."""

    def explain(self, record: Record, attempt: Attempt) -> str:
        """What is wrong with an attempt that came while the case was waited for."""
        if attempt in self.judge(record).evidence:
            return ""
        return refusal(attempt) or self.hint(record, attempt)


def _ask_first(record: Record) -> str:
    if record.is_native:
        return "Send `purchase.created` for an order that you have not sent yet. The answer is 202."
    return "Send an order that you have not sent yet, as it is placed. The answer is 202."


def _first(record: Record) -> Finding:
    for one in record.accepted:
        if any(kinds & STATING for kinds in one.orders.values()):
            return found(one)
    return NOTHING


def _hint_first(_: Record, attempt: Attempt) -> str:
    if attempt.outcome is Outcome.ACCEPTED:
        return f"it says {kinds_of(attempt) or 'nothing of any order'}; a purchase is asked for"
    return ""


def _ask_duplicate(record: Record) -> str:
    if record.is_unsigned:
        return (
            "Send an event that was accepted again, the very same bytes: here the bytes are its "
            "id. The answer is 200."
        )
    return (
        "Send an event that was accepted again, as you do when no answer came: the same webhook-id "
        "and the same bytes, with a new webhook-timestamp and a new signature. The answer is 200."
    )


def _duplicate(record: Record) -> Finding:
    for one in record.attempts:
        original = record.original_of(one)
        if one.outcome is Outcome.DUPLICATE and original and _is_anew(one, original):
            return found(original, one)
    return NOTHING


def _is_anew(one: Attempt, original: Attempt) -> bool:
    """Whether it was signed anew, where it is signed at all."""
    return one.request is None or one.timestamp != original.timestamp


def _hint_duplicate(record: Record, attempt: Attempt) -> str:
    if attempt.outcome is Outcome.DUPLICATE:
        return (
            "it bears its old webhook-timestamp and signature, which hold for 5 minutes only: "
            "each attempt has its own"
        )
    same = next(
        (
            one
            for one in record.accepted
            if one.number < attempt.number and one.gist == attempt.gist != frozenset()
        ),
        None,
    )
    if same is None:
        return ""
    if record.is_unsigned:
        return f"it says what #{same.number} says in other bytes, so it is another event"
    return f"it says what #{same.number} says under another webhook-id: an event keeps its id"


def _ask_out_of_order(record: Record) -> str:
    what = (
        "`purchase.returned`, `purchase.cancelled` or `purchase.confirmed`"
        if record.is_native
        else "a return, a cancellation or a confirmation"
    )
    return (
        f"Send {what} for an order that you have not sent yet, and then the order itself. "
        "The answer to each is 202."
    )


def _out_of_order(record: Record) -> Finding:
    seen: set[str] = set()
    early: dict[str, Attempt] = {}
    for one in record.accepted:
        for order_id, kinds in one.orders.items():
            if order_id in early and kinds & STATING:
                return found(early[order_id], one)
            if kinds & VERDICTS and order_id not in seen:
                early[order_id] = one
        seen |= one.orders.keys()
    if not early:
        return NOTHING
    order_id, first = next(reversed(early.items()))
    return Finding((first,), f"that came first; now the order itself, {order_id}")


def _hint_out_of_order(record: Record, attempt: Attempt) -> str:
    before = {
        order_id: one
        for one in record.accepted
        if one.number < attempt.number
        for order_id in one.orders
    }
    for order_id, kinds in attempt.orders.items():
        if kinds & VERDICTS and order_id in before:
            return f"order {order_id} came before, as #{before[order_id].number}: take a new one"
        if kinds & STATING and order_id not in before:
            return f"the order itself, {order_id}, is to come after what became of it"
    return ""


def _ask_partial(record: Record) -> str:
    if record.is_native:
        how = "Send `purchase.returned` with `lines` for a part of an order that you have sent"
    else:
        how = (
            "Report of an order that you have sent that a part of it came back, or that it is "
            "confirmed for less"
        )
    return f"{how}. The answer is 202."


def _ask_replay(_: Record) -> str:
    return (
        "Send a request that was accepted again byte for byte within 5 minutes, with its old "
        "webhook-timestamp and signature. The answer is 200: nothing happens twice."
    )


def _replay(record: Record) -> Finding:
    for one in record.attempts:
        if one.outcome is Outcome.DUPLICATE and one.request is not None:
            for before in record.attempts[: one.number - 1]:
                if before.request == one.request and before.outcome in LET_IN:
                    return found(before, one)
    return NOTHING


def _hint_replay(_: Record, attempt: Attempt) -> str:
    if attempt.outcome is Outcome.DUPLICATE:
        return "it was signed anew; a replay is the same in every byte of headers and body"
    return ""


def _skip_replay(record: Record) -> str:
    if record.is_unsigned:
        return "nothing is signed here: the same request again is a duplicate, and was asked for"
    return ""


CASES = (
    Case("first", "First event", _ask_first, _first, _hint_first),
    Case("duplicate", "Duplicate", _ask_duplicate, _duplicate, _hint_duplicate),
    Case("out-of-order", "Out of order", _ask_out_of_order, _out_of_order, _hint_out_of_order),
    Case("partial-return", "Partial return", _ask_partial, partial_return, why_not_partial),
    Case("replay", "Replayed bytes", _ask_replay, _replay, _hint_replay, _skip_replay),
    Case(
        "wrong-signature",
        "Wrong signature",
        ask_wrong_signature,
        wrong_signature,
        hint_wrong_signature,
    ),
    Case("stale", "Stale replay", ask_stale, stale, hint_stale, skip_stale, is_optional=True),
    Case("rotated-key", "Rotated key", ask_rotated, rotated, hint_rotated, needs_second=True),
)
"""In the order in which they are asked for."""
