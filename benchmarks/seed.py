"""What there is before anything is measured: shops, members, and who went where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.stack import Stack
from partners.credentials.service import issue
from partners.offers.service import offer
from partners.shops.rules import Card, Section, ShopStatus
from partners.shops.service import change_the_door, upsert
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.kit.clock import MOSCOW
from tracker.kit.database import unit_of_work
from tracker.members.service import Newcomer, join_many

EPOCH = datetime(2010, 12, 1, tzinfo=MOSCOW)
"""Where business time begins here."""
TERMS = Terms(1000, 1200, 30, OnHoldEnd.CONFIRM)
"""What every shop promises."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop, and the key that it signs with."""

    id: int
    slug: str
    key: bytes


def make_shops(stack: Stack, count: int) -> list[Shop]:
    """Shops with an offer and a secret each."""
    cards = [
        Card(
            f"bench-{number:03d}",
            f"Bench {number}",
            Section.SERVICES,
            "any",
            "https://bench.example/",
            "https://bench.example/?click={click_id}",
            ShopStatus.ACTIVE,
        )
        for number in range(count)
    ]
    with unit_of_work(stack.engine) as session:
        ids = upsert(session, cards)
        offer(session, dict.fromkeys(ids.values(), TERMS), EPOCH)
        shops = []
        for slug, shop_id in ids.items():
            secret = issue(session, stack.keys, shop_id)
            change_the_door(session, shop_id)
            shops.append(Shop(shop_id, slug, secret.key))
    return shops


def make_members(stack: Stack, count: int) -> list[int]:
    """Members who joined before everything else; their ids."""
    ids: list[int] = []
    for start in range(1, count + 1, _BATCH):
        numbers = range(start, min(start + _BATCH, count + 1))
        newcomers = [Newcomer(f"+7900{number:07d}", EPOCH) for number in numbers]
        with unit_of_work(stack.engine) as session:
            ids += sorted(join_many(session, stack.keys, newcomers, EPOCH).values())
    return ids


def make_clicks(stack: Stack, clicks: Sequence[tuple[str, int, int]]) -> None:
    """Clicks of (id, member, shop) under the terms that every shop promises."""
    with (
        stack.connect() as connection,
        connection.cursor() as cursor,
        cursor.copy(_CLICKS) as copy,
    ):
        for click_id, member_id, shop_id in clicks:
            copy.write_row(
                (
                    click_id,
                    member_id,
                    shop_id,
                    EPOCH,
                    EPOCH + timedelta(days=30),
                    TERMS.cashback_bp,
                    TERMS.commission_bp,
                    TERMS.hold_days,
                    str(TERMS.on_hold_end),
                )
            )


_BATCH = 10_000

_CLICKS = """
    COPY clicks (id, member_id, shop_id, clicked_at, valid_until,
                 cashback_bp, commission_bp, hold_days, on_hold_end)
    FROM STDIN
"""
