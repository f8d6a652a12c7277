"""Posting and locking. The caller owns the unit of work."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker.kit.database import bulk_insert, constraint_name
from tracker.kit.errors import Conflict
from tracker.ledger.models import LedgerEntry, LedgerTransaction
from tracker.ledger.rules import HOUSE, MEMBER_ACCOUNTS, Account, Alike, Posting


class AlreadyPosted(Conflict):
    """A posting with this reference is in the ledger already."""

    code = "already_posted"


class BalanceTooLow(Conflict):
    """The movement would take a member's balance below zero, which only a clawback may do."""

    code = "balance_too_low"


@dataclass(frozen=True, slots=True)
class Balance:
    """A member's balances in kopecks; ``available`` below zero is a debt."""

    pending: int
    available: int
    in_flight: int
    reserved: int = 0
    """Put aside for goals."""


def lock_members(session: Session, members: Collection[int]) -> dict[int, Balance]:
    """Lock members in sorted order, which is what keeps two workers from a deadlock.

    Returns balances as they are now that nobody else can move them.
    """
    if not members:
        return {}
    rows = session.execute(_LOCK_MEMBERS, {"ids": sorted(members)})
    return {row.member_id: Balance(*row[1:]) for row in rows}


def in_order(session: Session, postings: Sequence[Posting]) -> list[Posting]:
    """The same postings, none of which counts before those that it comes after.

    What they are of is locked.
    """
    here = {one.reference for one in postings}
    wanted = {before for one in postings for before in one.after} - here
    rows = session.execute(_MOMENTS, {"references": sorted(wanted)}) if wanted else ()
    counts: dict[str, datetime] = {row.reference: row.effective_at for row in rows}
    found = []
    for one in postings:
        at = max([one.effective_at, *(counts[before] for before in one.after)])
        counts[one.reference] = at
        found.append(replace(one, effective_at=at))
    return found


def held_since(
    session: Session, member: int, account: Account, amount: int, at: datetime
) -> datetime:
    """The earliest moment from ``at`` on since which a member's account has always had so many
    kopecks: to take them then leaves less than nothing at no moment. The member is locked, and has
    them now."""
    return held_since_each(session, account, {member: (amount, at)})[member]


def held_since_each(
    session: Session, account: Account, wanted: Mapping[int, tuple[int, datetime]]
) -> dict[int, datetime]:
    """As `held_since` for several members, of each so many kopecks from a moment on."""
    given = {
        "account": str(account),
        "members": list(wanted),
        "amounts": [amount for amount, _ in wanted.values()],
        "moments": [at for _, at in wanted.values()],
    }
    later = {row.member_id: row.since for row in session.execute(_HELD_SINCE_EACH, given)}
    return {member: max(at, later.get(member, at)) for member, (_, at) in wanted.items()}


def post(session: Session, postings: Sequence[Posting]) -> None:
    """Write sound postings; balances follow by trigger, in the same statement.

    Raises AlreadyPosted and BalanceTooLow; the unit of work is lost then.
    """
    if not postings:
        return
    ids = list(session.scalars(_NEXT_IDS, {"count": len(postings)}))
    try:
        bulk_insert(session, LedgerTransaction, _transactions(ids, postings))
        bulk_insert(session, LedgerEntry, _entries(ids, postings))
    except IntegrityError as error:
        raise _meaning(error) from error


def post_alike(session: Session, some: Alike) -> None:
    """Write postings that differ in no more than whose they are: as `post`, by one statement.

    Raises AlreadyPosted and BalanceTooLow; the unit of work is lost then.
    """
    if not some.references:
        return
    values = {
        "kind": str(some.kind),
        "debit": str(some.debit),
        "credit": str(some.credit),
        "debit_is_theirs": some.debit in MEMBER_ACCOUNTS,
        "credit_is_theirs": some.credit in MEMBER_ACCOUNTS,
        "house": HOUSE,
        "references": some.references,
        "corrects": some.corrects,
        "effective_at": some.effective_at,
        "members": some.members,
        "amounts": some.amounts,
    }
    try:
        session.execute(_POST_ALIKE, values)
    except IntegrityError as error:
        raise _meaning(error) from error


def _transactions(ids: list[int], postings: Sequence[Posting]) -> list[dict[str, object]]:
    return [
        {
            "id": transaction,
            "reference": posting.reference,
            "kind": str(posting.kind),
            "effective_at": posting.effective_at,
            "corrects": posting.corrects,
        }
        for transaction, posting in zip(ids, postings, strict=True)
    ]


def _entries(ids: list[int], postings: Sequence[Posting]) -> list[dict[str, object]]:
    return [
        {
            "transaction_id": transaction,
            "leg": number,
            "account": str(leg.account),
            "owner_id": leg.owner,
            "amount": leg.amount,
        }
        for transaction, posting in zip(ids, postings, strict=True)
        for number, leg in enumerate(posting.legs)
    ]


def _meaning(error: IntegrityError) -> Exception:
    names: dict[str | None, type[Conflict]] = {
        "uq_ledger_transactions_reference": AlreadyPosted,
        "ck_member_balances_available": BalanceTooLow,
        "ck_member_balances_pending": BalanceTooLow,
        "ck_member_balances_in_flight": BalanceTooLow,
        "ck_member_balances_reserved": BalanceTooLow,
    }
    named = names.get(constraint_name(error))
    return named(str(error.orig)) if named else error


# The application may not UPDATE balances, so it cannot lock their rows by itself either: a function
# of the owner opens missing rows and locks all, in the order of their ids.
_LOCK_MEMBERS = text("""
    SELECT member_id, pending, available, in_flight, reserved
    FROM ledger_lock_members(CAST(:ids AS bigint[]))
""")

_MOMENTS = text("""
    SELECT reference, effective_at FROM ledger_transactions
    WHERE reference = ANY (CAST(:references AS text[]))
""")

# Whose account did not change after the moment had there what is there now. Each is looked up by
# itself: the planner would rather read the whole ledger for some hundreds of them.
_HELD_SINCE_EACH = text("""
    WITH asked AS MATERIALIZED (
        SELECT member_id, wanted
        FROM unnest(CAST(:members AS bigint[]), CAST(:amounts AS bigint[]),
                    CAST(:moments AS timestamptz[])) AS given (member_id, wanted, at)
        CROSS JOIN LATERAL (
            SELECT max(effective_at) AS last_moved
            FROM ledger_entries JOIN ledger_transactions ON id = transaction_id
            WHERE account = :account AND owner_id = member_id
        ) AS theirs
        WHERE last_moved > at
    ), marked AS (
        SELECT member_id, effective_at, coalesce(
                   max(effective_at) FILTER (WHERE held < wanted) OVER (PARTITION BY member_id),
                   '-infinity') AS low
        FROM asked
        CROSS JOIN LATERAL (
            SELECT effective_at, sum(-sum(amount)) OVER (ORDER BY effective_at) AS held
            FROM ledger_entries JOIN ledger_transactions ON id = transaction_id
            WHERE account = :account AND owner_id = member_id
            GROUP BY effective_at
        ) AS history
    )
    SELECT member_id, min(effective_at) AS since FROM marked WHERE effective_at > low
    GROUP BY member_id
""")

_NEXT_IDS = text("""
    SELECT nextval('ledger_transactions_id_seq') FROM generate_series(1, CAST(:count AS integer))
""")

# Numbered first: to join the rows with their new transactions would be left to the planner, who
# knows nothing yet of what is so fresh.
_POST_ALIKE = text("""
    WITH numbered AS MATERIALIZED (
        SELECT nextval('ledger_transactions_id_seq') AS id, given.*
        FROM unnest(CAST(:references AS text[]), CAST(:corrects AS text[]),
                    CAST(:effective_at AS timestamptz[]), CAST(:members AS bigint[]),
                    CAST(:amounts AS bigint[]))
             AS given (reference, corrects, effective_at, member_id, amount)
    ), written AS (
        INSERT INTO ledger_transactions (id, reference, kind, effective_at, corrects)
        SELECT id, reference, :kind, effective_at, corrects FROM numbered
    )
    INSERT INTO ledger_entries (transaction_id, leg, account, owner_id, amount)
    SELECT numbered.id, legs.leg, legs.account,
           CASE WHEN legs.is_theirs THEN member_id ELSE :house END, legs.sign * amount
    FROM numbered CROSS JOIN (VALUES
        (0, CAST(:debit AS text), CAST(:debit_is_theirs AS boolean), 1),
        (1, CAST(:credit AS text), CAST(:credit_is_theirs AS boolean), -1)
    ) AS legs (leg, account, is_theirs, sign)
""")
