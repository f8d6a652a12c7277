"""The terms a sample shop gives: how long it holds, what it pays, whether it is still there."""

from dataclasses import dataclass

from sandbox.catalogue.draws import number, pick, weighted

_HOLDS = {1: 8, 7: 6, 14: 20, 21: 14, 30: 28, 45: 14, 60: 6, 90: 4}
_POLICIES = {"confirm": 86, "reject": 7, "wait_for_staff": 7}
_STATUSES = {"active": 98, "left": 2}

_USUAL_CASHBACK = (100, 1500)
_GENEROUS_CASHBACK = (1600, 5000)
_MARGIN = (50, 400)


@dataclass(frozen=True, slots=True)
class Terms:
    """Rates are basis points; the hold is in days."""

    hold_days: int
    on_hold_end: str
    cashback: int
    commission: int
    status: str


def drawn_terms(slug: str) -> Terms:
    """The terms of a shop, always the same for its slug."""
    cashback = _cashback(slug)
    return Terms(
        hold_days=weighted(f"hold:{slug}", _HOLDS),
        on_hold_end=weighted(f"policy:{slug}", _POLICIES),
        cashback=cashback,
        commission=_commission(slug, cashback),
        status=weighted(f"status:{slug}", _STATUSES),
    )


def _cashback(slug: str) -> int:
    low, high = weighted(f"kind:{slug}", {_USUAL_CASHBACK: 94, _GENEROUS_CASHBACK: 6})
    step = pick(f"step:{slug}", (25, 50, 100))
    return low + number(f"cashback:{slug}", (high - low) // step + 1) * step


def _commission(slug: str, cashback: int) -> int:
    """Mostly more than the cashback; a few shops are advertised at a loss."""
    if weighted(f"loss:{slug}", {True: 2, False: 98}):
        return cashback // 2
    low, high = _MARGIN
    return cashback + low + number(f"margin:{slug}", (high - low) // 25 + 1) * 25
