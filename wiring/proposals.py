"""Every act that takes two people, of all rooms."""

import tracker.adjustments.service
import tracker.periods.acts
from tracker.proposals.contracts import Actions, named

ACTIONS: Actions = named(
    tracker.periods.acts.CLOSING,
    *tracker.adjustments.service.ACTIONS.values(),
)
"""By their names. A room that has such an act defines it, and adds it here."""
