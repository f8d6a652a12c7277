"""Every act that takes two people, of all rooms."""

import partners.offers.changing
import partners.receivables.acts
import tracker.adjustments.service
import tracker.certificates.voiding
import tracker.claims.crediting
import tracker.periods.acts
import tracker.team.acts
import webhooks.desk.crediting
import webhooks.onboarding.secrets
from tracker.proposals.contracts import Actions, named

ACTIONS: Actions = named(
    partners.receivables.acts.WRITING_OFF,
    tracker.periods.acts.CLOSING,
    tracker.certificates.voiding.VOIDING,
    tracker.claims.crediting.CREDITING,
    partners.offers.changing.TERMS,
    webhooks.desk.crediting.REATTRIBUTING,
    webhooks.onboarding.secrets.ISSUING,
    *tracker.adjustments.service.ACTIONS.values(),
    tracker.team.acts.ADDING,
    tracker.team.acts.RAISING,
    tracker.team.acts.ENROLLING,
)
"""By their names. A room that has such an act defines it, and adds it here."""
