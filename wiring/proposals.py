"""Every act that takes two people, of all rooms."""

from tracker.proposals.contracts import Actions, named

ACTIONS: Actions = named()
"""By their names. A room that has such an act defines it, and adds it here."""
