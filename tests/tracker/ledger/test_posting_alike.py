"""Postings that are alike are written as columns: they come to the same as one by one."""

import pytest

from tests.world import World, day, rubles
from tracker.kit.database import unit_of_work
from tracker.ledger.rules import Account, Alike, Kind, Leg, Posting
from tracker.ledger.service import AlreadyPosted, BalanceTooLow, post, post_alike
from tracker.settlement.delivery import claims
from tracker.settlement.delivery.claims import Claimed
from tracker.settlement.rules import payout_posting

STEPS = [Kind.PAYOUT_SUBMITTED, Kind.PAYOUT_PAID, Kind.PAYOUT_FAILED]


@pytest.fixture
def members(world: World) -> list[int]:
    """Three members with 10.00 available and 10.00 in flight each."""
    members = world.members(3)
    legs = (Account.MEMBER_AVAILABLE, Account.MEMBER_IN_FLIGHT)
    with unit_of_work(world.tools.engine) as session:
        post(
            session,
            [
                Posting(
                    f"given:{member}:{account}",
                    Kind.BONUS_CONFIRMED,
                    day(1),
                    (
                        Leg(Account.MARKETING_EXPENSE, 0, rubles(10)),
                        Leg(account, member, -rubles(10)),
                    ),
                )
                for member in members
                for account in legs
            ],
        )
    return members


def payouts(members: list[int]) -> list[Claimed]:
    return [
        Claimed(100 + place, member, "", rubles(place + 1), day(31 + place))
        for place, member in enumerate(members)
    ]


def books(world: World, kind: Kind = Kind.PAYOUT_SUBMITTED) -> list[tuple[object, ...]]:
    """What was written of payouts, but for the numbers that transactions have by chance."""
    rows = world.query(
        """
        SELECT reference, kind, effective_at, corrects, leg, account, owner_id, amount
        FROM ledger_transactions JOIN ledger_entries ON transaction_id = id
        WHERE reference LIKE 'payout:%' AND kind = :kind ORDER BY reference, leg
        """,
        kind=str(kind),
    )
    return [tuple(row) for row in rows]


def alike(kind: Kind, some: list[Claimed]) -> Alike:
    """All of it counting as its list does."""
    return claims.alike(kind, some, {one.id: one.as_of for one in some})


@pytest.mark.parametrize("kind", STEPS)
def test_the_columns_say_what_the_rule_says(world: World, members: list[int], kind: Kind) -> None:
    some = payouts(members)
    with unit_of_work(world.tools.engine) as session:
        if kind is Kind.PAYOUT_FAILED:
            post_alike(session, alike(Kind.PAYOUT_SUBMITTED, some))
        post_alike(session, alike(kind, some))
    written = [
        (made.reference, str(kind), made.effective_at, made.corrects, place, *told)
        for one in some
        for made in [
            payout_posting(
                kind,
                payout_id=one.id,
                member_id=one.member_id,
                amount=one.amount,
                effective_at=one.as_of,
            )
        ]
        for place, leg in enumerate(made.legs)
        for told in [(str(leg.account), leg.owner, leg.amount)]
    ]
    assert books(world, kind) == sorted(written, key=lambda row: (row[0], row[4]))


def test_none_is_written_twice(world: World, members: list[int]) -> None:
    some = alike(Kind.PAYOUT_SUBMITTED, payouts(members))
    with unit_of_work(world.tools.engine) as session:
        post_alike(session, some)
    with pytest.raises(AlreadyPosted), unit_of_work(world.tools.engine) as session:
        post_alike(session, some)
    assert len(books(world)) == 6


def test_none_takes_more_than_there_is(world: World, members: list[int]) -> None:
    some = [Claimed(100, members[0], "", rubles(10) + 1, day(31))]
    with pytest.raises(BalanceTooLow), unit_of_work(world.tools.engine) as session:
        post_alike(session, alike(Kind.PAYOUT_SUBMITTED, some))
    assert books(world) == []
