"""When a member's data can be erased. Pure. Sums are kopecks."""

from tracker.kit.errors import Conflict


class PaymentOnItsWay(Conflict):
    """A payment to the member has been sent and not ended: erase when it has."""

    code = "payment_on_its_way"


class BalanceDiffers(Conflict):
    """What the member gives up is not what was said: read it again."""

    code = "balance_differs"


class NoWayToAsk(Conflict):
    """The member has neither a number nor an address that a code could be sent to."""

    code = "no_way_to_ask"


def given_up(pending: int, available: int) -> int:
    """What a member loses who leaves now, in kopecks; a debt is not more than nothing."""
    return pending + max(0, available)
