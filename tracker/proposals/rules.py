"""States of a proposal, and what it is bound to. Pure."""

import json
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Any

from tracker.kit.errors import Conflict, Forbidden, Gone, NotFound

MAX_KEY = 128
"""Characters of an idempotency key."""


class State(StrEnum):
    """What became of a proposal."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    """And done, in the same moment."""
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    """By whoever proposed it."""
    EXPIRED = "expired"
    """Nobody decided in time."""
    STALE = "stale"
    """Somebody approved it when things were no longer as the proposer saw them: not done."""


class ProposalNotFound(NotFound):
    """Nobody has proposed this."""

    code = "proposal_not_found"


class ProposalDecided(Conflict):
    """The proposal waits for nobody any more."""

    code = "proposal_decided"


class ProposalDiffers(Conflict):
    """The proposal is not the one that was read: its hash is another."""

    code = "proposal_differs"


class ProposalStale(Conflict):
    """Things are no longer as the proposer saw them: propose it anew."""

    code = "proposal_stale"


class ProposalExpired(Gone):
    """Nobody decided about the proposal in time: propose it anew."""

    code = "proposal_expired"


class ProposalWaits(Conflict):
    """The same was proposed already, and waits for its approval."""

    code = "proposal_waits"


class KeyUsedForAnother(Conflict):
    """This idempotency key was used to propose something else."""

    code = "key_used_for_another"


class ApproverProposedIt(Forbidden):
    """Whoever proposed something cannot decide about it, but withdraw it."""

    code = "approver_proposed_it"


class NotTheProposer(Forbidden):
    """Only whoever proposed something can withdraw it."""

    code = "not_the_proposer"


def canonical(facts: Mapping[str, Any]) -> str:
    """The one text that says these facts: keys in order, no blanks. Raises TypeError for what is
    not plain JSON, fractions among it."""
    _check(facts)
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint(facts: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical text, in hexadecimal digits."""
    return sha256(canonical(facts).encode()).hexdigest()


def _check(value: Any) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise TypeError(f"{name!r} is no name of a fact")
            _check(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check(inner)
    elif not isinstance(value, str | int | None):
        raise TypeError(f"{value!r} is not plain JSON")
