"""Reading the summary off what the commands print."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.replay.summary import MONEY, Reading, left_undone, summary_of
from sandbox.replay.tally import Receipt, Tally

LEDGER = {
    "tracked": {"member_pending": -1000, "shop_pending_commission": 1200, "pending_margin": -200},
    "rejected": {"member_pending": 300, "shop_pending_commission": -360, "pending_margin": 60},
    "confirmed": {"member_pending": 700, "member_available": -700, "margin": -140},
    "clawed_back": {"member_available": 50, "shop_receivable": -60, "margin": 10},
    "bonus_tracked": {"marketing_expense": 60, "member_pending": -60},
    "bonus_confirmed": {"member_pending": 60, "member_available": -60},
    "bonus_clawed_back": {"member_available": 20, "marketing_expense": -20},
    "bonus_rejected": {},
    "payout_submitted": {"member_available": 600, "member_in_flight": -600},
    "payout_paid": {"member_in_flight": 600, "owed_to_operator": -600},
}
READING = Reading(
    purchases={
        "unmatched": 9,
        "unattributed": 4,
        "pending": 0,
        "awaiting_staff": 0,
        "confirmed": 5,
        "rejected": 2,
        "unmatched_returns": 11,
    },
    ledger=LEDGER,
    members=3,
    inbox={"waiting": 0, "done": 20, "parked": 0, "conflicts": 0},
    proof="ok",
    runs={"2011-01": {"state": "done", "payouts": {"paid": {"count": 3, "amount": "6.00"}}}},
)


def test_the_summary_has_the_contracts_figures_in_its_order() -> None:
    assert list(summary_of(Tally(), READING).figures.items()) == [
        ("events_sent", 0),
        ("accepted", 0),
        ("duplicates", 0),
        ("purchases", 7),
        ("unattributed", 4),
        ("unmatched_returns", 11),
        ("members", 3),
        ("cashback_tracked", 1000),
        ("cashback_rejected", 300),
        ("cashback_confirmed", 700),
        ("cashback_pending", 0),
        ("welcome_bonus", 40),
        ("clawed_back", 50),
        ("available", 90),
        ("paid_out", 600),
        ("ledger_proof", "ok"),
    ]
    assert summary_of(Tally(), READING).figures.keys() > MONEY


def test_nothing_moved_comes_to_nothing() -> None:
    figures = summary_of(Tally(), replace(READING, ledger={})).figures
    assert {figures[name] for name in MONEY} == {0}


def test_nothing_is_left_undone() -> None:
    assert list(left_undone(Tally(), READING)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"proof": "off"}, "the ledger proof is off: see `tracker ledger proof`"),
        (
            {"ledger": LEDGER | {"tracked": {"member_pending": -1001}}},
            "1 kopecks are left in member_pending",
        ),
        (
            {"ledger": LEDGER | {"payout_paid": {"member_in_flight": 500}}},
            "100 kopecks are left in member_in_flight",
        ),
        ({"inbox": {**READING.inbox, "waiting": 2}}, "2 events in the inbox: waiting"),
        ({"inbox": {**READING.inbox, "parked": 1}}, "1 events in the inbox: parked"),
        (
            {"runs": {"2011-02": {"payouts": {"with_staff": {"count": 4}}}}},
            "4 payouts of 2011-02 are with_staff",
        ),
    ],
)
def test_what_is_left_undone_is_told(change: dict[str, Any], said: str) -> None:
    assert list(left_undone(Tally(), replace(READING, **change))) == [said]


def test_an_accepted_event_that_the_inbox_has_not_is_told() -> None:
    tally = Tally()
    tally.add(Receipt(("shop", str(n)), duplicate=False, in_doubt=False) for n in range(21))
    assert list(left_undone(tally, READING)) == ["21 events were accepted, and the inbox has 20"]
