"""What staff say to findings, many at once. The caller owns the unit of work, and audits it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from partners.reconciliation.matching import try_shop
from partners.reconciliation.rules import (
    DECIDABLE,
    MOVES_MONEY,
    UNDECIDED,
    Decision,
    FindingsChanged,
    FindingState,
    Kind,
    OwnStatement,
    StatementNotReady,
)
from tracker.audit.rules import check_reason
from tracker.kit.money import format_rubles
from tracker.staff.rules import Role, same_person
from tracker.staff.second_person import see_that_two_may
from tracker.staff.service import Person

MOST = 100_000
"""Findings decided at once: what a request has time for."""


@dataclass(frozen=True, slots=True)
class Which:
    """The findings of a statement that a decision is for; what is not said matters not."""

    kind: Kind | None = None
    ids: Sequence[int] | None = None
    states: Sequence[FindingState] = UNDECIDED

    def told(self) -> dict[str, Any]:
        """As the audit keeps it."""
        return {
            "kind": self.kind and str(self.kind),
            "ids": None if self.ids is None else sorted(self.ids),
            "states": [str(one) for one in self.states],
        }


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision was for; kopecks."""

    findings: int
    left: int
    """More such findings than are decided at once: the same decision again is for those."""
    commission_effect: int
    cashback_effect: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What a decision is to come to, by whoever makes it; kopecks. None: not said."""

    findings: int | None = None
    commission: int | None = None
    cashback: int | None = None


WHATEVER = Expected()


@dataclass(frozen=True, slots=True)
class Say:
    """A decision with its reason, and the moment at which what follows from it counts."""

    decision: Decision
    reason: str
    who: Person
    at: datetime


def decide(
    session: Session,
    shop_id: int,
    statement_id: int,
    which: Which,
    say: Say,
    *,
    expected: Expected = WHATEVER,
) -> Decided:
    """Decide findings of a statement, MOST at once; what was decided so already not once more.

    Raises FindingsChanged where all of them are not what is ``expected``, StatementNotReady
    while the shop's findings are in other hands, and ReasonMissing; and where money moves by it
    OwnStatement, and as `see_that_two_may`.
    """
    reason = check_reason(say.reason)
    if not try_shop(session, shop_id):
        raise StatementNotReady("the shop's findings are being matched or booked: try again")
    given: Mapping[str, Any] = {
        "statement": statement_id,
        "shop": shop_id,
        "kind": which.kind and str(which.kind),
        "ids": None if which.ids is None else list(which.ids),
        "states": [str(one) for one in which.states if one in DECIDABLE],
        "decision": str(say.decision),
        "state": str(_state_after(say.decision)),
        "reason": reason,
        "who": say.who.login,
        "at": say.at,
    }
    there = session.execute(_COUNT, {**given, "moves": [*MOVES_MONEY]}).one()
    if there.moving and say.decision is Decision.THEIRS:
        _see_that_another_sent_it(session, statement_id, say.who)
    found = Expected(there.findings, int(there.commission), int(there.cashback))
    _see_that_it_is_so(expected, found)
    row = session.execute(_DECIDE, {**given, "most": MOST}).one()
    left = there.findings - row.findings
    return Decided(row.findings, left, int(row.commission), int(row.cashback))


def _see_that_it_is_so(expected: Expected, found: Expected) -> None:
    if expected.findings not in (None, found.findings):
        raise FindingsChanged(
            f"there are {found.findings} such findings, and not {expected.findings}"
        )
    for name in ("commission", "cashback"):
        said, comes_to = getattr(expected, name), getattr(found, name)
        if said not in (None, comes_to):
            raise FindingsChanged(
                f"they change {name} by {format_rubles(comes_to)}, and not {format_rubles(said)}"
            )


def _see_that_another_sent_it(session: Session, statement_id: int, who: Person) -> None:
    sender = session.scalar(_SENDER, {"statement": statement_id}) or ""
    if same_person(sender, who.login):
        raise OwnStatement(f"{who.login} sent statement {statement_id}")
    see_that_two_may(session, sender, who, Role.APPROVER)


def _state_after(decision: Decision) -> FindingState:
    return FindingState.ACCEPTED if decision is Decision.THEIRS else FindingState.SETTLED


_WHICH = """
    shop_id = :shop AND statement_id = :statement
    AND (CAST(:kind AS text) IS NULL OR kind = :kind)
    AND (CAST(:ids AS bigint[]) IS NULL OR id = ANY(CAST(:ids AS bigint[])))
    AND state = ANY(CAST(:states AS text[]))
    AND NOT (state = 'settled' AND decision IS NOT DISTINCT FROM :decision)
"""

_COUNT = text(f"""
    SELECT count(*) AS findings,
           count(*) FILTER (WHERE kind = ANY(CAST(:moves AS text[]))) AS moving,
           coalesce(sum(commission_effect), 0) AS commission,
           coalesce(sum(cashback_effect), 0) AS cashback
    FROM partner_findings WHERE {_WHICH}
""")  # noqa: S608 (texts of this file put together)

_SENDER = text("SELECT uploaded_by FROM shop_statements WHERE id = :statement")

_DECIDE = text(f"""
    WITH decided AS (
        UPDATE partner_findings
        SET decision = :decision, reason = :reason, decided_by = :who, decided_at = now(),
            effective_at = CAST(:at AS timestamptz), outcome = NULL, ended_at = NULL,
            -- Two numbers of one order: nothing is to be booked for that.
            state = CASE WHEN kind = 'near' THEN 'settled' ELSE :state END
        WHERE id IN (SELECT id FROM partner_findings WHERE {_WHICH} ORDER BY id LIMIT :most)
        RETURNING commission_effect, cashback_effect
    )
    SELECT count(*) AS findings, coalesce(sum(commission_effect), 0) AS commission,
           coalesce(sum(cashback_effect), 0) AS cashback
    FROM decided
""")  # noqa: S608 (likewise)
