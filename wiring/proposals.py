"""Every act that takes two people, of all rooms."""

import tracker.periods.acts
from tracker.proposals.contracts import Actions, named

ACTIONS: Actions = named(tracker.periods.acts.CLOSING)
"""By their names. A room that has such an act defines it, and adds it here."""
