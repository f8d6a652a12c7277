"""Every room's part of the ledger proof."""

from collections.abc import Mapping

import partners.receivables.proof
import partners.reconciliation.proof
import tracker.adjustments.proof
import tracker.certificates.proof
import tracker.goals.proof
import tracker.ledger.queries
import tracker.ledger.rollups
import tracker.periods.proof
import tracker.purchases.proof
import tracker.reconciliation.proof
import tracker.reports.proof
import tracker.settlement.proof
import tracker.team.proof
import webhooks.proof
from tracker.ledger.cli import Proof

PROOFS: Mapping[str, Proof] = {
    "ledger": tracker.ledger.queries.prove,
    "rollups": tracker.ledger.rollups.prove,
    "periods": tracker.periods.proof.prove,
    "reports": tracker.reports.proof.prove,
    "purchases": tracker.purchases.proof.prove,
    "goals": tracker.goals.proof.prove,
    "adjustments": tracker.adjustments.proof.prove,
    "certificates": tracker.certificates.proof.prove,
    "settlement": tracker.settlement.proof.prove,
    "reconciliation": tracker.reconciliation.proof.prove,
    "statements": partners.reconciliation.proof.prove,
    "receivables": partners.receivables.proof.prove,
    "inbox": webhooks.proof.prove,
    "audit": tracker.team.proof.prove,
}
"""By room."""
