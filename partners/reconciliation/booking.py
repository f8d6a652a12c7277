"""What staff accepted is booked, a chunk of a shop at a time. The caller owns the unit of work."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from partners.reconciliation.facts import Accepted, facts_of
from partners.reconciliation.matching import try_shop
from partners.reconciliation.rules import ENDS, FindingState, Kind, Outcome, Word
from tracker.kit.errors import TrackerError
from tracker.purchases.contracts import PurchaseReport
from tracker.purchases.loading import read_by_keys
from tracker.purchases.refusals import NearDuplicate
from tracker.purchases.service import Programme, book

CHUNK = 200


def book_chunk(session: Session, programme: Programme, limit: int = CHUNK) -> int:
    """Book some of what waits; how many findings came to an end, 0 when none can be taken now."""
    shop_id = session.scalar(_NEXT_SHOP)
    if shop_id is None or not try_shop(session, shop_id):
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


def _book(
    session: Session, accepted: Sequence[Accepted], programme: Programme
) -> dict[int, Outcome]:
    known = read_by_keys(session, {(one.shop_id, one.order_id) for one in accepted})
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
    )


_NEXT_SHOP = text("""
    SELECT shop_id FROM partner_findings WHERE state = 'accepted' ORDER BY id LIMIT 1
""")

_ACCEPTED = text("""
    SELECT found.*, lines.ordered_at, lines.click_id
    FROM partner_findings AS found
    LEFT JOIN shop_statement_lines AS lines USING (statement_id, line)
    WHERE state = 'accepted' AND shop_id = :shop
    ORDER BY found.id LIMIT :limit
    FOR UPDATE OF found
""")

_END = text("""
    UPDATE partner_findings SET state = ended.state, outcome = ended.outcome, ended_at = now()
    FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:outcomes AS text[]))
         AS ended (id, state, outcome)
    WHERE partner_findings.id = ended.id
""")
