"""What a sound posting is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.ledger.rules import (
    ACCOUNTS_OF,
    CLAWBACKS,
    HOUSE,
    MEMBER_ACCOUNTS,
    SHOP_ACCOUNTS,
    Account,
    Kind,
    Leg,
    Posting,
    PostingUnsound,
    posting,
)

NOW = datetime(2011, 1, 1, tzinfo=UTC)


def made(*legs: Leg) -> Posting | None:
    return posting("x", Kind.TRACKED, NOW, legs)


def owner_of(account: Account) -> int:
    return 5 if account in MEMBER_ACCOUNTS | SHOP_ACCOUNTS else HOUSE


legs = st.builds(
    lambda account, amount: Leg(account, owner_of(account), amount),
    st.sampled_from(sorted(ACCOUNTS_OF[Kind.TRACKED])),
    st.integers(-1000, 1000),
)


@given(st.lists(legs, max_size=6))
def test_a_posting_balances_or_is_none(given_legs: list[Leg]) -> None:
    moving = [leg for leg in given_legs if leg.amount]
    if sum(leg.amount for leg in moving) != 0:
        with pytest.raises(PostingUnsound):
            made(*given_legs)
        return
    found = made(*given_legs)
    assert (found is None) == (not moving)
    if found is not None:
        assert len(found.legs) >= 2
        assert all(leg.amount for leg in found.legs)
        assert sum(leg.amount for leg in found.legs) == 0


@pytest.mark.parametrize("account", sorted(MEMBER_ACCOUNTS | SHOP_ACCOUNTS))
def test_accounts_of_somebody_have_an_owner(account: Account) -> None:
    with pytest.raises(PostingUnsound, match="cannot belong"):
        made(Leg(account, HOUSE, 5), Leg(Account.MARGIN, HOUSE, -5))


@pytest.mark.parametrize("account", sorted(set(Account) - MEMBER_ACCOUNTS - SHOP_ACCOUNTS))
def test_the_house_shares_its_accounts_with_nobody(account: Account) -> None:
    with pytest.raises(PostingUnsound, match="cannot belong"):
        made(Leg(account, 5, 5), Leg(Account.MARGIN, HOUSE, -5))


def test_only_taking_back_what_was_confirmed_and_a_debit_of_staff_may_make_a_debt() -> None:
    assert {
        Kind.CLAWED_BACK,
        Kind.BONUS_CLAWED_BACK,
        Kind.REWARD_CLAWED_BACK,
        Kind.ADJUSTMENT_DEBIT,
    } == CLAWBACKS


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_moves_money_between_its_own_accounts_alone(kind: Kind) -> None:
    its_own = sorted(ACCOUNTS_OF[kind])
    first = its_own[0]
    for account in Account:
        legs = (Leg(first, owner_of(first), 5), Leg(account, owner_of(account), -5))
        if account in its_own:
            assert posting("x", kind, NOW, legs) is not None
        else:
            with pytest.raises(PostingUnsound, match=f"{account} is not moved by {kind}"):
                posting("x", kind, NOW, legs)
