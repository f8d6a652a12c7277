"""What a room says of an act that takes two people. The room registers it in `wiring.proposals`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from tracker.kit.runtime import Runtime
from tracker.staff.rules import Role

Facts: TypeAlias = Mapping[str, Any]
"""Plain JSON: texts, whole numbers, yes and no, None, and lists and mappings of them. No secrets,
nothing that tells who a member is."""


class Unit(StrEnum):
    """What a whole number counts."""

    PLAIN = "plain"
    """An id, days, or how many."""
    KOPECKS = "kopecks"
    BASIS_POINTS = "basis_points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """What two people agree to, as it is handed to the act."""

    proposal_id: int
    """What is done names it, so that it can be done once only."""
    payload: Facts
    reason: str
    """The proposer's."""
    proposed_by: str
    approved_by: str
    now: datetime
    """Business time of the approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """An act that takes two people."""

    name: str
    """With its room, such as ``certificate.void``: so it stands in the audit."""
    about: str
    """What is done, in a sentence for whoever approves it."""
    seen: Callable[[Session, Facts], Facts]
    """What the act depends on, as it stands, given the payload. It locks what it reads, so that
    nothing of it changes before the act is done; raises a TrackerError if the act is not possible.
    """
    carry_out: Callable[[Session, Runtime, Approved], Facts | None]
    """Does it, without committing. What it returns is told to the approver once, and kept nowhere:
    a new secret may be in it. Raises a TrackerError: then the proposal waits on."""
    units: Mapping[str, Unit] = field(default_factory=dict)
    """Of each whole number in the payload and in what is seen, by its name: who approves reads
    roubles, not kopecks."""
    task: str | None = None
    """The workers' task that goes on with it: they are nudged once it is done."""
    proposes: Role = Role.OPERATOR
    approves: Role = Role.APPROVER


Actions: TypeAlias = Mapping[str, Action]
"""Acts by their names."""


def named(*actions: Action) -> Actions:
    """Acts by their names. Raises ValueError for two of one name."""
    found = {one.name: one for one in actions}
    if len(found) != len(actions):
        raise ValueError(f"an act is named twice: {[one.name for one in actions]}")
    return found
