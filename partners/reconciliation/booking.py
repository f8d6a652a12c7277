"""What staff accepted is booked, a chunk of a shop at a time. The caller owns the unit of work."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from partners.reconciliation.facts import Accepted, facts_of
from partners.reconciliation.matching import try_shop
from partners.reconciliation.rules import ENDS, FindingState, Kind, Outcome, Standing, Word
from tracker.kit.errors import TrackerError
from tracker.purchases.contracts import PurchaseReport
from tracker.purchases.dossiers import Dossier
from tracker.purchases.loading import Key, open_by_keys
from tracker.purchases.refusals import NearDuplicate
from tracker.purchases.service import Programme, book

CHUNK = 200


def shops_to_book(session: Session) -> Sequence[int]:
    """Shops of which something was accepted, and that have no file which is still to be heard."""
    return session.scalars(_SHOPS).all()


def book_chunk(session: Session, programme: Programme, shop_id: int, limit: int = CHUNK) -> int:
    """Book some of what a shop's findings wait for; how many came to an end, 0 when none can be
    taken now."""
    if not try_shop(session, shop_id):
        return 0
    rows = session.execute(_ACCEPTED, {"shop": shop_id, "limit": limit}).all()
    outcomes = _book(session, [_accepted(row) for row in rows], programme)
    end(session, outcomes)
    return len(outcomes)


def end(session: Session, outcomes: dict[int, Outcome]) -> None:
    """Note what became of findings, by their ids."""
    session.execute(
        _END,
        {
            "ids": list(outcomes),
            "outcomes": [str(outcome) for outcome in outcomes.values()],
            "states": [
                str(ENDS.get(outcome, FindingState.REFUSED)) for outcome in outcomes.values()
            ],
        },
    )
    booked = [finding for finding, outcome in outcomes.items() if outcome is Outcome.BOOKED]
    session.execute(_CARRY, {"ids": booked})


def _book(
    session: Session, accepted: Sequence[Accepted], programme: Programme
) -> dict[int, Outcome]:
    known = _locked(session, accepted)
    outcomes: dict[int, Outcome] = {}
    reports: list[tuple[int, PurchaseReport]] = []
    taken: set[str] = set()
    for one in accepted:
        if one.order_id in taken:
            continue  # two findings of one order go one after the other: the second sees the first
        taken.add(one.order_id)
        found = facts_of(one, known.get((one.shop_id, one.order_id)))
        if isinstance(found, Outcome):
            outcomes[one.id] = found
        else:
            outcomes[one.id] = Outcome.BOOKED
            reports += [(one.id, report) for report in found]
    refused = book(session, [report for _, report in reports], programme)
    return outcomes | {reports[place][0]: _outcome(error) for place, error in refused.items()}


def _locked(session: Session, accepted: Sequence[Accepted]) -> dict[Key, Dossier]:
    """The purchases as they stay until they are booked. What is not there yet is opened, as by
    booking, so that no message can come in between."""
    can_be = [one for one in accepted if one.kind is not Kind.MISSING_WITH_US or one.ordered_at]
    return open_by_keys(session, {(one.shop_id, one.order_id): True for one in can_be})


def _outcome(error: TrackerError) -> Outcome:
    near = isinstance(error, NearDuplicate)
    return Outcome.LOOKS_LIKE_ANOTHER if near else Outcome.NOT_TAKEN


def _accepted(row: Any) -> Accepted:
    return Accepted(
        row.id,
        Kind(row.kind),
        row.shop_id,
        row.our_order_id or row.order_id,
        row.effective_at,
        row.their_amount,
        row.their_word and Word(row.their_word),
        row.ordered_at,
        row.click_id,
        row.our_amount,
        row.our_word and Standing(row.our_word),
    )


_SHOPS = text("""
    SELECT shops.id FROM shops CROSS JOIN LATERAL (
        SELECT id FROM partner_findings
        WHERE shop_id = shops.id AND state = 'accepted' ORDER BY id LIMIT 1
    ) AS first
    WHERE NOT EXISTS (
        SELECT FROM shop_statements WHERE shop_id = shops.id AND state IN ('waiting', 'read')
    )
    ORDER BY first.id
""")

_ACCEPTED = text("""
    SELECT * FROM partner_findings
    WHERE state = 'accepted' AND shop_id = :shop
    ORDER BY id LIMIT :limit
    FOR UPDATE
""")

_END = text("""
    UPDATE partner_findings SET state = ended.state, outcome = ended.outcome, ended_at = now()
    FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:outcomes AS text[]))
         AS ended (id, state, outcome)
    WHERE partner_findings.id = ended.id
""")

# The sum that was booked is no change of which the order's other finding would have to be asked.
_CARRY = text("""
    UPDATE partner_findings AS other SET our_amount = booked.their_amount
    FROM partner_findings AS booked
    WHERE booked.id = ANY(CAST(:ids AS bigint[])) AND booked.kind = 'amount'
      AND other.shop_id = booked.shop_id AND other.kind = 'status'
      AND other.order_id = booked.order_id AND other.purchase_id = booked.purchase_id
      AND other.our_amount = booked.our_amount AND other.state IN ('open', 'accepted', 'refused')
""")
