"""Which sums a certificate may be of, and how a larger one is split. Pure; sums are kopecks."""

from collections.abc import Iterator

from tracker.kit.errors import Invalid
from tracker.kit.money import format_rubles

_RUBLE = 100
_STEP = 500 * _RUBLE
SMALLEST = 100 * _RUBLE
LARGEST = 80_000 * _RUBLE

_BETWEEN_STEPS = (SMALLEST, 250 * _RUBLE, 750 * _RUBLE)
"""Those that are no multiple of the step."""

DENOMINATIONS = tuple(sorted((*_BETWEEN_STEPS, *range(_STEP, LARGEST + 1, _STEP))))
"""All there are: 100, 250, 500, 750, 1,000, and on by 500 up to 80,000 RUB."""

_KNOWN = frozenset(DENOMINATIONS)

MOST_PARTS = 100
"""Certificates that one order may be split into."""


class NotADenomination(Invalid):
    """There is no certificate of this sum."""

    code = "not_a_denomination"


class CannotBeSplit(Invalid):
    """No certificates come to this sum, or too many would have to."""

    code = "cannot_be_split"


def is_denomination(amount: int) -> bool:
    """Whether there are certificates of so much."""
    return amount in _KNOWN


def nearest(amount: int) -> tuple[int, int]:
    """The denominations below and above a sum that is none; at either end the two last ones."""
    above = next((one for one in DENOMINATIONS if one > amount), LARGEST)
    place = min(max(DENOMINATIONS.index(above), 1), len(DENOMINATIONS) - 1)
    return DENOMINATIONS[place - 1], DENOMINATIONS[place]


def parts_of(amount: int, *, split: bool = False) -> list[int]:
    """The certificates that an order of so much is for, the largest first.

    Raises NotADenomination, and CannotBeSplit when it may be split and cannot.
    """
    if is_denomination(amount):
        return [amount]
    if not split:
        below, above = map(format_rubles, nearest(amount))
        raise NotADenomination(
            f"the nearest are {below} and {above}",
            fields={"amount": f"no certificate is of so much; the nearest: {below} and {above}"},
        )
    found = min(_ways(amount), key=lambda parts: (len(parts), parts[::-1]), default=None)
    if found is None:
        raise CannotBeSplit(fields={"amount": "no certificates, or too many, come to this sum"})
    return found


def _ways(amount: int) -> Iterator[list[int]]:
    """Ways to split a sum, a shortest one among them.

    All multiples of the step up to the largest are there, so of what is no multiple of it a
    shortest way has little: five of 100 are one of 500, and any two of 250 and 750 are one too.
    """
    for hundreds in range(5):
        for odd in ((), (250 * _RUBLE,), (750 * _RUBLE,)):
            rest = amount - hundreds * SMALLEST - sum(odd)
            if rest >= 0 and rest % _STEP == 0 and rest <= LARGEST * MOST_PARTS:
                whole, last = divmod(rest, LARGEST)
                parts = [LARGEST] * whole + ([last] if last else [])
                parts = sorted((*parts, *odd, *[SMALLEST] * hundreds), reverse=True)
                if 0 < len(parts) <= MOST_PARTS:
                    yield parts
