"""All that may happen in a game, the likelier the oftener it is named."""

from tests.books import buying, finance, members

ACTS = (
    *[buying.buys] * 6,
    *[buying.is_told] * 8,
    *[buying.holds_end] * 2,
    members.settles,
    *[members.is_sent] * 2,
    members.asks_again,
    *[members.is_adjusted] * 2,
    members.saves,
    *[members.orders_a_certificate] * 2,
    members.is_redeemed,
    members.is_voided,
    finance.closes,
    *[finance.pays] * 3,
    finance.is_moved,
    finance.comes_back,
    finance.is_allocated,
    finance.is_taken_apart,
    finance.is_set_off,
    finance.is_given_up,
)
