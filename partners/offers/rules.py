"""A line of the shops' import file, and how far terms may change. Pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import TypeVar

from partners.shops.links import read_link_template
from partners.shops.rules import (
    Card,
    ShopInvalid,
    ShopStatus,
    read_section,
    read_slug,
    read_web_address,
)
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.kit.csvfiles import word
from tracker.kit.errors import Invalid
from tracker.kit.money import percent_to_basis_points

COLUMNS = (
    "slug",
    "name",
    "section",
    "subsection",
    "site_url",
    "link_template",
    "hold_days",
    "on_hold_end",
    "cashback_percent",
    "commission_percent",
    "status",
)
NAMES = ("name_uk", "name_en")
"""Columns that a file may have beside them: what a shop is called in other languages."""
MAX_HOLD_DAYS = 90
MAX_CASHBACK_BP = 5_000
MAX_COMMISSION_BP = 10_000

LOOK_BACK = timedelta(days=30)
"""How far back terms are compared with, so that small steps do not add up unseen."""
HOLD_LIMIT = 14
"""Days by which one person may shorten a hold: what is paid early is paid before its returns."""

T = TypeVar("T")


class CursorNotOfOffers(Invalid):
    """The cursor is none that this list has given out."""

    code = "cursor_not_usable"


def is_far(wanted: Terms, known: Iterable[Terms], limit: int) -> bool:
    """Whether they are too far from any known terms for one person: rates by more than ``limit``
    basis points, a hold that ends much sooner, or one that is to end with the money confirmed."""
    return any(
        abs(wanted.cashback_bp - one.cashback_bp) > limit
        or abs(wanted.commission_bp - one.commission_bp) > limit
        or one.hold_days - wanted.hold_days > HOLD_LIMIT
        or (wanted.on_hold_end is OnHoldEnd.CONFIRM and one.on_hold_end is not OnHoldEnd.CONFIRM)
        for one in known
    )


def read_shop(row: Mapping[str, str]) -> tuple[Card, Terms]:
    """A shop's card and its terms. Raises ShopInvalid with every fault of the row.

    A name in another language may be empty: then it is the name as it is.
    """
    faults: dict[str, str] = {}

    def read(column: str, parse: Callable[[str], T], default: T) -> T:
        try:
            return parse(row[column])
        except ValueError as error:
            faults[column] = str(error)
            return default

    card = Card(
        slug=read("slug", read_slug, ""),
        name=read("name", _text, ""),
        section=read("section", read_section, read_section("services")),
        subsection=read("subsection", _text, ""),
        site_url=read("site_url", read_web_address, ""),
        link_template=read("link_template", read_link_template, ""),
        status=read("status", partial(word, ShopStatus), ShopStatus.ACTIVE),
        **{column: read(column, _text_or_nothing, "") for column in NAMES if column in row},
    )
    terms = Terms(
        cashback_bp=read("cashback_percent", _percent_up_to(MAX_CASHBACK_BP), 0),
        commission_bp=read("commission_percent", _percent_up_to(MAX_COMMISSION_BP), 0),
        hold_days=read("hold_days", _days, 0),
        on_hold_end=read("on_hold_end", partial(word, OnHoldEnd), OnHoldEnd.CONFIRM),
    )
    if faults:
        raise ShopInvalid(f"shop {row.get('slug', '')!r}", fields=faults)
    return card, terms


def _text(value: str) -> str:
    if not value or len(value) > 200:
        raise ValueError("1 to 200 characters are expected")
    if "\0" in value:
        raise ValueError("no NUL is expected")
    return value


def _text_or_nothing(value: str) -> str:
    return value and _text(value)


def _days(value: str) -> int:
    if not value.isascii() or not value.isdigit() or int(value) > MAX_HOLD_DAYS:
        raise ValueError(f"whole days from 0 to {MAX_HOLD_DAYS} are expected")
    return int(value)


def _percent_up_to(limit: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        try:
            basis_points = percent_to_basis_points(value)
        except ValueError:
            basis_points = limit + 1
        if basis_points > limit:
            raise ValueError(f"a percent from 0 to {limit / 100:g} with two decimals is expected")
        return basis_points

    return parse
