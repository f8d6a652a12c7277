"""From a notice to a report."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from partners.intake.contracts import NoticeKind, PurchaseNotice
from partners.intake.rules import CurrencyNotTaken, report
from tracker.purchases.contracts import (
    CANCELLATION,
    Line,
    PurchaseConfirmed,
    PurchaseReturned,
    PurchaseStated,
    RejectReason,
    ReturnLine,
)

AT = datetime(2010, 12, 2, tzinfo=UTC)
ORDERED = datetime(2010, 12, 1, tzinfo=UTC)
LINES = (Line("1", 1, 100),)
CREATED = PurchaseNotice(
    NoticeKind.CREATED, AT, "A-1", "clk_1", ordered_at=ORDERED, currency="RUB", lines=LINES
)


def told(notice: PurchaseNotice) -> object:
    return report(notice, shop_id=3, source="msg_1")


@pytest.mark.parametrize("kind", [NoticeKind.CREATED, NoticeKind.UPDATED])
def test_a_purchase_is_stated(kind: NoticeKind) -> None:
    amended = kind is NoticeKind.UPDATED
    assert told(replace(CREATED, kind=kind)) == PurchaseStated(
        3, "A-1", AT, "msg_1", amended, "clk_1", ORDERED, LINES
    )


@pytest.mark.parametrize("currency", ["USD", "", None])
def test_only_in_roubles(currency: str | None) -> None:
    with pytest.raises(CurrencyNotTaken, match="A-1"):
        told(replace(CREATED, currency=currency))


def test_what_the_dialect_knows_is_passed_on() -> None:
    way: dict[str, Any] = {"trusted": False, "feed": "cj/actions"}
    told_so = replace(CREATED, whole=False, dated=False, upstream="new")
    expected = PurchaseStated(
        3,
        "A-1",
        AT,
        "msg_1",
        False,
        "clk_1",
        ORDERED,
        LINES,
        whole=False,
        upstream="new",
        dated=False,
        received_at=ORDERED,
        **way,
    )
    assert report(told_so, shop_id=3, source="msg_1", received_at=ORDERED, **way) == expected


def test_a_confirmation_of_a_total_and_a_return_with_a_reason_of_ours() -> None:
    total = PurchaseNotice(
        NoticeKind.CONFIRMED, AT, "A-1", currency="RUB", amount=500, upstream="locked"
    )
    assert told(total) == PurchaseConfirmed(3, "A-1", AT, "msg_1", 500, upstream="locked")
    fraud = RejectReason.FRAUD
    off = PurchaseNotice(NoticeKind.CANCELLED, AT, "A-1", reject_reason=fraud, dated=False)
    assert told(off) == PurchaseReturned(
        3, "A-1", AT, "msg_1", CANCELLATION, None, None, fraud, dated=False
    )


@pytest.mark.parametrize("kind", [NoticeKind.CONFIRMED, NoticeKind.RETURNED])
def test_a_total_in_another_currency_is_not_ours_either(kind: NoticeKind) -> None:
    with pytest.raises(CurrencyNotTaken, match="USD"):
        told(PurchaseNotice(kind, AT, "A-1", currency="USD", amount=500))


def test_a_confirmation() -> None:
    notice = PurchaseNotice(NoticeKind.CONFIRMED, AT, "A-1")
    assert told(notice) == PurchaseConfirmed(3, "A-1", AT, "msg_1")


def test_a_return_of_lines_and_one_of_all() -> None:
    lines = (ReturnLine("1", 1, 50),)
    notice = PurchaseNotice(
        NoticeKind.RETURNED, AT, "A-1", return_id="R-1", return_lines=lines, reason="too small"
    )
    expected = PurchaseReturned(3, "A-1", AT, "msg_1", "R-1", lines, "too small")
    assert told(notice) == expected
    assert told(replace(notice, return_lines=None)) == replace(expected, lines=None)


def test_a_cancellation_is_a_return_of_all_under_an_id_that_no_shop_can_use() -> None:
    notice = PurchaseNotice(NoticeKind.CANCELLED, AT, "A-1", reason="changed their mind")
    assert told(notice) == PurchaseReturned(
        3, "A-1", AT, "msg_1", CANCELLATION, None, "changed their mind"
    )
    assert CANCELLATION == ""
