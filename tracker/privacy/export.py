"""All that is kept of a member, as plain JSON: for the member, in one answer."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.models import MemberSession
from tracker.adjustments.models import AdjustmentRow
from tracker.certificates.models import Certificate
from tracker.claims.models import Claim
from tracker.claims.service import note_of
from tracker.clicks.models import ClickRow
from tracker.goals.models import Goal
from tracker.kit.crypto import Keyring
from tracker.kit.database import Base, table_of
from tracker.kit.money import format_percent, format_rubles
from tracker.ledger.models import MemberBalance
from tracker.members.models import Member, Number
from tracker.members.queries import emails_of, open_phone
from tracker.members.service import MemberNotFound
from tracker.notifications.models import Notification
from tracker.purchases.models import Purchase, PurchaseLine, PurchaseReturn, WelcomeBonus
from tracker.purchases.reward_models import ReferralReward
from tracker.relatives.queries import listed
from tracker.settlement.models import Payout

ShopNames = Callable[[Session, Collection[int]], Mapping[int, str]]
"""Names of shops by their ids: shops are kept by another package."""

_SUMS = frozenset(
    {
        "amount",
        "available",
        "confirmed_cashback",
        "fixed",
        "from_goal",
        "in_flight",
        "pending",
        "pending_cashback",
        "reserved",
        "stated_total",
        "target",
    }
)
_RATES = frozenset({"cashback_bp", "share_bp"})


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of a table that are a member's, in the order in which they came."""

    name: str
    model: type[Base]
    columns: Sequence[str]
    owner: str = "member_id"
    order: str = "id"


_PARTS = (
    _Part(
        "balance",
        MemberBalance,
        ("pending", "available", "in_flight", "reserved"),
        order="member_id",
    ),
    _Part(
        "sessions",
        MemberSession,
        ("kind", "label", "created_at", "seen_at", "expires_at", "revoked_at"),
    ),
    _Part(
        "clicks",
        ClickRow,
        ("id", "shop_id", "clicked_at", "valid_until", "cashback_bp", "hold_days", "sub_id"),
        order="clicked_at",
    ),
    _Part(
        "purchases",
        Purchase,
        (
            "id",
            "shop_id",
            "order_id",
            "status",
            "ordered_at",
            "click_id",
            "stated_total",
            "hold_ends_at",
            "pending_cashback",
            "confirmed_cashback",
        ),
    ),
    _Part(
        "welcome_bonus",
        WelcomeBonus,
        ("amount", "purchase_id", "confirmed"),
        order="member_id",
    ),
    # Nothing of the friend: that is another person's.
    _Part("rewards", ReferralReward, ("amount", "state"), owner="inviter_id"),
    _Part("goals", Goal, ("id", "name", "target", "reserved", "state", "created_at", "ended_at")),
    _Part(
        "certificates",
        Certificate,
        (
            "id",
            "amount",
            "from_goal",
            "goal_id",
            "state",
            "ordered_at",
            "issued_at",
            "expires_at",
            "redeemed_at",
            "receipt_id",
            "voided_at",
        ),
    ),
    _Part("payouts", Payout, ("period", "amount", "state", "reference", "reason", "ended_at")),
    _Part("adjustments", AdjustmentRow, ("id", "kind", "cause", "amount", "effective_at")),
    _Part("messages", Notification, ("kind", "channel", "at", "state", "ended_at")),
)


def export(session: Session, keys: Keyring, member_id: int, shops: ShopNames) -> dict[str, Any]:
    """Everything of a member, as it is at the moment of the snapshot. Raises MemberNotFound."""
    found: dict[str, Any] = {
        "member": _member(session, keys, member_id),
        "numbers": _numbers(session, keys, member_id),
        "relatives": [_plain(one) for one in _relatives(session, keys, member_id)],
        "claims": _claims(session, keys, member_id),
    }
    for part in _PARTS:
        found[part.name] = [_plain(row) for row in _rows(session, part, member_id)]
    _add_details(session, found["purchases"])
    _name_shops(session, found, shops)
    return found


def _member(session: Session, keys: Keyring, member_id: int) -> dict[str, Any]:
    member = session.get(Member, member_id)
    if member is None:
        raise MemberNotFound(f"no member {member_id}")
    names = ("id", "joined_at", "language", "auto_payment", "choices", "referral_code")
    told = {name: getattr(member, name) for name in names}
    email = emails_of(session, keys, [member_id]).get(member_id)
    return _plain(told | {"email": email, "joined_by_a_link": member.referrer_id is not None})


def _numbers(session: Session, keys: Keyring, member_id: int) -> list[dict[str, Any]]:
    rows = session.scalars(select(Number).where(Number.member_id == member_id).order_by(Number.id))
    return [
        _plain(
            {
                "phone": open_phone(keys, member_id, row.sealed) if row.sealed else None,
                "role": row.role,
                "proved_at": row.proved_at,
                "ended_at": row.ended_at,
                "end_reason": row.end_reason,
            }
        )
        for row in rows
    ]


def _relatives(session: Session, keys: Keyring, member_id: int) -> list[dict[str, Any]]:
    names = ("phone", "label", "place", "fixed", "share_bp", "proved_at")
    return [
        {name: getattr(one, name) for name in names} for one in listed(session, keys, member_id)
    ]


def _claims(session: Session, keys: Keyring, member_id: int) -> list[dict[str, Any]]:
    names = ("id", "shop_id", "order_id", "ordered_at", "amount", "state", "filed_at", "closed_at")
    rows = session.scalars(select(Claim).where(Claim.member_id == member_id).order_by(Claim.id))
    return [
        _plain({name: getattr(row, name) for name in names} | {"note": note_of(keys, row)})
        for row in rows
    ]


def _rows(session: Session, part: _Part, member_id: int) -> list[dict[str, Any]]:
    table = table_of(part.model)
    query = (
        select(*(table.c[name] for name in part.columns))
        .where(table.c[part.owner] == member_id)
        .order_by(table.c[part.order])
    )
    return [dict(row) for row in session.execute(query).mappings()]


def _add_details(session: Session, purchases: list[dict[str, Any]]) -> None:
    """The lines that hold, and the returns."""
    by_id = {one["id"]: one for one in purchases}
    for one in purchases:
        one["lines"], one["returns"] = [], []
    lines = (
        select(
            PurchaseLine.purchase_id,
            PurchaseLine.line_id,
            PurchaseLine.sku,
            PurchaseLine.category,
            PurchaseLine.quantity,
            PurchaseLine.amount,
        )
        .join(Purchase, Purchase.id == PurchaseLine.purchase_id)
        .where(Purchase.id.in_(by_id), PurchaseLine.statement_no == Purchase.statement_no)
        .order_by(PurchaseLine.purchase_id, PurchaseLine.line_id)
    )
    returns = (
        select(
            PurchaseReturn.purchase_id,
            PurchaseReturn.return_id,
            PurchaseReturn.whole,
            PurchaseReturn.returned_at,
            PurchaseReturn.reject_reason,
        )
        .where(PurchaseReturn.purchase_id.in_(by_id))
        .order_by(PurchaseReturn.purchase_id, PurchaseReturn.returned_at)
    )
    for name, query in (("lines", lines), ("returns", returns)):
        for row in session.execute(query).mappings():
            told = _plain(dict(row))
            by_id[told.pop("purchase_id")][name].append(told)


def _name_shops(session: Session, found: dict[str, Any], shops: ShopNames) -> None:
    rows = [row for name in ("clicks", "purchases", "claims") for row in found[name]]
    names = shops(session, {row["shop_id"] for row in rows})
    for row in rows:
        row["shop"] = names.get(row.pop("shop_id"))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _written(name, value) for name, value in row.items()}


def _written(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _SUMS:
        return format_rubles(value)
    if name in _RATES:
        return format_percent(value)
    return value.isoformat() if isinstance(value, datetime) else value
