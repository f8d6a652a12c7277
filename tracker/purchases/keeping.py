"""What a unit of work has learnt of purchases, written to the database. No decisions here."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from tracker.kit.database import bulk_insert, bulk_update
from tracker.purchases.contracts import PurchaseReturned
from tracker.purchases.dossiers import Dossier
from tracker.purchases.models import Purchase, PurchaseLine, PurchaseReturn, PurchaseReturnLine
from tracker.purchases.statements import UNDATED, Piece, Rank, Stated, extends


def keep_facts(session: Session, dossiers: Iterable[Dossier]) -> None:
    """Write the new lines and returns."""
    lines, pieces, returns, return_lines = [], [], [], []
    for one in dossiers:
        for piece in _new_lines(one):
            if piece.rank.whole:
                lines.append(_line_row(one, piece))
            else:
                pieces.append(_line_row(one, piece) | _rank_row(piece.rank))
        returns += [_return_row(one, report) for report in one.new_returns]
        return_lines += [
            {
                "purchase_id": one.id,
                "return_id": report.return_id,
                "line_id": line_id,
                "quantity": quantity,
                "amount": amount,
            }
            for report in one.new_returns
            for line_id, (quantity, amount) in one.returns[report.return_id].lines.items()
        ]
    bulk_insert(session, PurchaseLine, lines)
    bulk_insert(session, PurchaseLine, pieces)
    bulk_insert(session, PurchaseReturn, returns)
    bulk_insert(session, PurchaseReturnLine, return_lines)


def keep_state(session: Session, dossiers: Sequence[Dossier]) -> None:
    """Write where the purchases stand, and apart from that what is seldom said of one."""
    bulk_update(session, Purchase, [_state_row(one) for one in dossiers])
    changed = [one for one in dossiers if one.said != one.kept_said]
    bulk_update(session, Purchase, [{"id": one.id, **one.said} for one in changed])


def _new_lines(one: Dossier) -> list[Piece]:
    """What is to be written of the lines that hold.

    They all carry one number. A statement with other lines gets the next one, so that every line
    ever told is kept; pieces that only add lines are written beside those that are there.
    """
    fresh = one.stated
    if fresh is None or not one.is_restated:
        return []
    if extends(one.kept, fresh):
        known = one.kept.lines if one.kept else {}
        return [piece for line_id, piece in fresh.lines.items() if line_id not in known]
    one.statement_no += 1
    return list(fresh.lines.values())


def _line_row(one: Dossier, piece: Piece) -> dict[str, Any]:
    line = piece.line
    return {
        "purchase_id": one.id,
        "statement_no": one.statement_no,
        "line_id": line.line_id,
        "sku": line.sku,
        "category": line.category,
        "quantity": line.quantity,
        "amount": line.amount,
    }


def _rank_row(rank: Rank) -> dict[str, Any]:
    """Of pieces each has its own; of what holds whole it stands with the purchase."""
    return {
        "stated_at": _moment(rank),
        "stated_amended": rank.amended,
        "stated_source": rank.source,
    }


def _return_row(one: Dossier, report: PurchaseReturned) -> dict[str, Any]:
    return {
        "purchase_id": one.id,
        "return_id": report.return_id,
        "whole": report.lines is None,
        "returned_at": report.at,
        "source": report.source,
        "reason": report.reason,
        "reject_reason": str(report.reject_reason),
    }


def _state_row(one: Dossier) -> dict[str, Any]:
    return {
        "id": one.id,
        "status": str(one.standing.status),
        "unattributed_reason": one.unattributed_reason and str(one.unattributed_reason),
        "member_id": one.standing.member_id,
        "hold_ends_at": one.hold_ends_at,
        "hold_outcome": one.hold_outcome and str(one.hold_outcome),
        "confirmed_by_shop_at": one.confirmed_by_shop_at,
        **_stated_row(one, one.stated),
        "revision": one.revision,
        "promised_cashback": one.sold.cashback,
        "pending_cashback": one.standing.pending.cashback,
        "pending_commission": one.standing.pending.commission,
        "confirmed_cashback": one.standing.confirmed.cashback,
        "confirmed_commission": one.standing.confirmed.commission,
        "tracked_reference": one.tracked_reference,
        "confirmed_reference": one.confirmed_reference,
    }


def _stated_row(one: Dossier, stated: Stated | None) -> dict[str, Any]:
    return {
        "click_id": stated and stated.click_id,
        "ordered_at": stated and stated.ordered_at,
        "statement_no": one.statement_no,
        "stated_at": stated and _moment(stated.rank),
        "stated_amended": stated is not None and stated.rank.amended,
        "stated_source": stated and stated.rank.source,
        "stated_trusted": stated is None or stated.rank.trusted,
        "stated_whole": stated is None or stated.rank.whole,
        "stated_total": stated.total if stated else 0,
        "heard_at": stated and stated.heard_at,
        "feed": stated and stated.feed,
    }


def _moment(rank: Rank) -> Any:
    return None if rank.at == UNDATED else rank.at
