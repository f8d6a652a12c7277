"""Why a report is not booked: each has a stable code, under which its event is parked."""

from tracker.kit.errors import Conflict, Invalid


class ReturnDiffers(Conflict):
    """A return with this id is known with other lines or sums."""

    code = "return_differs"


class NearDuplicate(Conflict):
    """Another order of this shop is known under a number that differs in spelling alone."""

    code = "near_duplicate"


class AmountNotProven(Conflict):
    """Nobody proved who wrote this, and it would add to what is settled."""

    code = "amount_not_proven"


class TooManyLines(Invalid):
    """A purchase has at most 1,000 lines, which come to at most a trillion roubles."""

    code = "too_many_lines"


class TooManyReturns(Invalid):
    """The returns of a purchase have at most 2,000 lines."""

    code = "too_many_returns"
