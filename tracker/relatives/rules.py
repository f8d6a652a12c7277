"""How what a member is due goes to relatives and to the member's own number. Pure.

Sums are kopecks, shares basis points. First the fixed amounts, in the order of the list, as far as
the money goes; then the shares, of what the fixed amounts left; the rest to the own number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracker.kit.errors import Conflict, Invalid, NotFound

WHOLE = 10_000
"""All of it, in basis points."""

MAX_RELATIVES = 10
MAX_LABEL = 40


class RelativeNotFound(NotFound):
    """The member has no such relative."""

    code = "relative_not_found"


class RelativeKnown(Conflict):
    """The number is on the member's list already."""

    code = "relative_known"


class TooManyRelatives(Conflict):
    """The list is full."""

    code = "too_many_relatives"


class SharesExceedAll(Invalid):
    """The shares would come to more than all there is."""

    code = "shares_exceed_all"


class OwnNumber(Invalid):
    """The member's own number gets what is left, without being on the list."""

    code = "own_number"


class AlreadyConfirmed(Conflict):
    """The owner of the number has confirmed it; there is no code to be sent or answered."""

    code = "already_confirmed"


@dataclass(frozen=True, slots=True)
class Direction:
    """What goes to one relative's number: a sum each month, or a share."""

    number_id: int
    fixed: int | None = None
    share_bp: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What one number gets."""

    number_id: int
    amount: int


def split(
    due: int, directions: Sequence[Direction], own_number: int | None, *, minimum: int
) -> Iterator[Part]:
    """The payments that a sum comes to; what no payment carries stays available.

    No payment is below ``minimum``: a lesser one is left out, and its money goes on to the next.
    ``own_number`` None: the member has no number at present, and only the relatives are paid.
    """
    left = due
    for one in directions:
        amount = min(one.fixed or 0, left)
        if amount >= minimum:
            yield Part(one.number_id, amount)
            left -= amount
    shared = left
    for one in directions:
        amount = shared * (one.share_bp or 0) // WHOLE
        if amount >= minimum:
            yield Part(one.number_id, amount)
            left -= amount
    if own_number is not None and left >= minimum:
        yield Part(own_number, left)


def see_that_shares_fit(shares: Sequence[int]) -> None:
    """Raises SharesExceedAll."""
    if sum(shares) > WHOLE:
        raise SharesExceedAll(fields={"share_percent": "all shares together exceed 100"})
