"""What the operator tells by itself: at our door, or in files of its own."""

from collections.abc import Callable, Iterator, Sequence
from random import Random

from sandbox.billing.topups import Payment
from sandbox.billing.truth import payments
from tests.crash.place import Place
from tracker.gateways.billing import HttpBilling
from tracker.kit.money import format_rubles
from tracker.settlement.ports import Answer, Outcome, Told, TopUp

AT_ONCE = 3
"""Answers in one file."""


Submit = Callable[[HttpBilling, Sequence[TopUp]], list[Answer]]


def losing(submit: Submit, chance: Random) -> Submit:
    """The same, but every other batch comes to nobody, and so does every answer to it."""

    def submitted(billing: HttpBilling, batch: Sequence[TopUp]) -> list[Answer]:
        if chance.random() < 0.5:
            return [Answer(one.key, Outcome.UNKNOWN, reason="connection_lost") for one in batch]
        return submit(billing, batch)

    return submitted


def deafening(submit: Submit, chance: Random) -> Submit:
    """The same, but every other answer is lost on its way back."""

    def submitted(billing: HttpBilling, batch: Sequence[TopUp]) -> list[Answer]:
        answers = submit(billing, batch)
        if chance.random() < 0.5:
            return [Answer(one.key, Outcome.UNKNOWN, reason="connection_lost") for one in batch]
        return answers

    return submitted


def told_of(one: Payment) -> dict[str, str | None]:
    """A payment as a callback writes it."""
    return {
        "key": one.key,
        "status": "paid",
        "amount": format_rubles(one.amount),
        "reference": one.reference,
        "reason": None,
        "at": one.at.isoformat(),
    }


def told_by_file(place: Place) -> Iterator[Told]:
    """What was paid, some at a time; each comes again until it is taken."""
    taken = place.books / "taken"
    before = set(taken.read_text().split()) if taken.exists() else set()
    fresh = [one for one in payments(place.books) if one.key not in before]
    for start in range(0, len(fresh), AT_ONCE):
        some = fresh[start : start + AT_ONCE]

        def take(keys: list[str] = [one.key for one in some]) -> None:  # noqa: B006
            with taken.open("a") as file:
                file.write(" ".join(keys) + "\n")

        yield Told(
            [Answer(one.key, Outcome.PAID, one.reference, paid_at=one.at) for one in some],
            {one.key: one.amount for one in some},
            take,
        )
