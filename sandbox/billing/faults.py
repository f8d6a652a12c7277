"""What can go wrong with a call, and what a script says of when. Pure."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.billing.topups import TopUp


class Operation(StrEnum):
    """What is asked of the billing."""

    SUBMIT = "submit"
    QUERY = "query"
    STATEMENT = "statement"
    NUMBERS = "numbers"


class Action(StrEnum):
    """What goes wrong."""

    TIMEOUT_BEFORE_ACTING = "timeout_before_acting"
    TIMEOUT_AFTER_ACTING = "timeout_after_acting"
    ERROR_500_BEFORE_ACTING = "error_500_before_acting"
    ERROR_500_AFTER_ACTING = "error_500_after_acting"
    SAVED_500 = "saved_500"
    HTML_200 = "html_200"
    DROP = "drop"
    HALF_BATCH = "half_batch"
    SLOW = "slow"
    LATE = "late"
    RATE_LIMIT = "rate_limit"
    CRASH_BEFORE_ACTING = "crash_before_acting"
    CRASH_AFTER_ACTING = "crash_after_acting"
    FAIL = "fail"
    WRONG_AMOUNT = "wrong_amount"
    ACCEPT = "accept"
    FORGET = "forget"
    CALLBACK = "callback"
    DUPLICATE_CALLBACK = "duplicate_callback"
    CONTRADICTORY_CALLBACK = "contradictory_callback"
    EARLY_CALLBACK = "early_callback"
    STATEMENT_COUNT = "statement_count"
    STATEMENT_PAGE_MISSING = "statement_page_missing"
    STATEMENT_OMITS = "statement_omits"
    STATEMENT_ADDS = "statement_adds"
    STATEMENT_AMOUNT = "statement_amount"
    STATEMENT_REPEATS = "statement_repeats"
    MIX = "mix"


OUTCOMES = frozenset({Action.FAIL, Action.WRONG_AMOUNT, Action.ACCEPT})
MEMORY = frozenset({Action.FORGET})
CALLBACKS = frozenset(
    {
        Action.CALLBACK,
        Action.DUPLICATE_CALLBACK,
        Action.CONTRADICTORY_CALLBACK,
        Action.EARLY_CALLBACK,
    }
)
LINES = frozenset(
    {
        Action.STATEMENT_OMITS,
        Action.STATEMENT_ADDS,
        Action.STATEMENT_AMOUNT,
        Action.STATEMENT_REPEATS,
    }
)
FAMILIES = (OUTCOMES, MEMORY, CALLBACKS, LINES)
"""These touch single top-ups of a call, one of each family at most; the others, the whole call."""

OF_ONE_TOPUP = frozenset().union(*FAMILIES)

ON_SUBMIT_ALONE = frozenset(
    {Action.HALF_BATCH, Action.LATE, Action.SAVED_500, Action.FAIL, Action.ACCEPT}
) | (MEMORY | CALLBACKS)
ON_STATEMENT_ALONE = LINES | {Action.STATEMENT_COUNT, Action.STATEMENT_PAGE_MISSING}

Chance = Callable[[str], float]
"""A number in [0, 1) for a label: the same label, the same number."""


@dataclass(frozen=True, slots=True)
class Match:
    """When a rule holds: all that is given must be so; nothing given, always."""

    nth: int | None = None
    """The nth call of the operation since the start, from 1."""
    every: int | None = None
    """Calls number n, 2n, 3n … of the operation."""
    key_suffix: str | None = None
    phone_suffix: str | None = None
    probability: float | None = None
    """Drawn for each key where the action touches one top-up, else for each call."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that goes wrong, and when."""

    action: Action
    on: Operation = Operation.SUBMIT
    match: Match = Match()
    seconds: float = 30.0
    """How long the caller is kept waiting, or until what comes later comes."""
    reason: str = "number_closed"
    """What ``fail`` gives as the reason."""
    bytes: int = 0
    """How much of the answer ``drop`` lets through."""


@dataclass(frozen=True, slots=True)
class Script:
    """Rules in order of precedence, and the seed of their chance."""

    rules: Sequence[Rule] = ()
    seed: int = 0
    rate: int | None = None
    """Top-ups a second that are taken; beyond them, 429."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call as rules see it: ``number`` counts the operation's calls from 1."""

    operation: Operation
    number: int
    topups: Sequence[TopUp] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What goes wrong with a call: at most one disturbance, and what befalls single keys."""

    disturbance: Rule | None = None
    touched: Mapping[str, Sequence[Rule]] = field(default_factory=dict)

    @property
    def refusals(self) -> dict[str, str]:
        """Keys that fail, and the reasons."""
        return {key: rule.reason for key, rule in self._by(Action.FAIL)}

    @property
    def misquoted(self) -> frozenset[str]:
        """Keys of which another amount is told."""
        return frozenset(key for key, _ in self._by(Action.WRONG_AMOUNT))

    @property
    def later(self) -> dict[str, float]:
        """Keys that are only accepted now, and the seconds until they are carried out."""
        return {key: rule.seconds for key, rule in self._by(Action.ACCEPT)}

    @property
    def forgotten(self) -> dict[str, float]:
        """Keys that will be forgotten, and in how many seconds."""
        return {key: rule.seconds for key, rule in self._by(Action.FORGET)}

    def told(self, *actions: Action) -> list[tuple[str, Rule]]:
        """Keys of which something is told by a callback, with what says so."""
        return self._by(*actions)

    def _by(self, *actions: Action) -> list[tuple[str, Rule]]:
        return [
            (key, rule)
            for key, rules in self.touched.items()
            for rule in rules
            if rule.action in actions
        ]


def seeded(seed: int) -> Chance:
    """Chance that depends on the seed and the label only: not on threads, order or restarts."""

    def chance(label: str) -> float:
        digest = hashlib.sha256(f"{seed}:{label}".encode()).digest()
        return int.from_bytes(digest[:6]) / 2**48

    return chance


def possible_on(action: Action) -> frozenset[Operation]:
    """The operations on which an action can happen."""
    if action in ON_SUBMIT_ALONE:
        return frozenset({Operation.SUBMIT})
    if action in ON_STATEMENT_ALONE:
        return frozenset({Operation.STATEMENT})
    if action is Action.WRONG_AMOUNT:
        return frozenset({Operation.SUBMIT, Operation.QUERY})
    return frozenset(Operation)
