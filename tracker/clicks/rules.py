"""The terms of a click, and whether an order may be credited to it. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tracker.kit.errors import TooMany


class OnHoldEnd(StrEnum):
    """What becomes of a pending purchase when its hold is over and the shop has said nothing."""

    CONFIRM = "confirm"
    REJECT = "reject"
    WAIT_FOR_STAFF = "wait_for_staff"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a member was promised. Rates are basis points of the sum paid."""

    cashback_bp: int
    commission_bp: int
    hold_days: int
    on_hold_end: OnHoldEnd


@dataclass(frozen=True, slots=True)
class Click:
    """A member's way to a shop."""

    id: str
    member_id: int
    shop_id: int
    clicked_at: datetime
    valid_until: datetime
    """The end of the attribution window, as it was at the click: orders before it count."""
    terms: Terms
    sub_id: str | None = None
    """What the page or app that led to the shop calls the place of the link; see `read_sub_id`."""


MAX_SUB_ID = 64
SUB_ID = rf"^[A-Za-z0-9_~-][A-Za-z0-9._~-]{{0,{MAX_SUB_ID - 1}}}$"
"""Characters that mean nothing in an address; dots not at the beginning, where in a path they would
mean the folder above."""


def read_sub_id(text: str) -> str:
    """A sub-id: see SUB_ID. Raises ValueError."""
    if not re.fullmatch(SUB_ID, text, re.ASCII) or text.endswith("\n"):
        raise ValueError(
            f"1 to {MAX_SUB_ID} of A-Z a-z 0-9 . _ ~ - are expected, and no dot at the beginning"
        )
    return text


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many clicks a member may make within a time."""

    clicks: int
    within: timedelta


ALLOWANCES = (Allowance(120, timedelta(hours=1)), Allowance(600, timedelta(days=1)))
"""Far more than people make; so nobody fills the table of what is kept for good."""


class TooManyClicks(TooMany):
    """The member has followed more links than people do."""

    code = "too_many_clicks"


class Unattributed(StrEnum):
    """Why a purchase is nobody's. A closed list, told to staff and to shops."""

    NO_CLICK_ID = "no_click_id"
    UNKNOWN_CLICK = "unknown_click"
    CLICK_OF_ANOTHER_SHOP = "click_of_another_shop"
    OUTSIDE_WINDOW = "outside_window"


def why_unattributed(
    click_id: str | None,
    click: Click | None,
    *,
    shop_id: int,
    ordered_at: datetime,
) -> Unattributed | None:
    """Why an order cannot be credited to the click it names, or None when it can.

    An order before its click is credited all the same: shops' clocks are off, and money is not
    refused on a suspicion.
    """
    if not click_id:
        return Unattributed.NO_CLICK_ID
    if click is None:
        return Unattributed.UNKNOWN_CLICK
    if click.shop_id != shop_id:
        return Unattributed.CLICK_OF_ANOTHER_SHOP
    if ordered_at >= click.valid_until:
        return Unattributed.OUTSIDE_WINDOW
    return None
