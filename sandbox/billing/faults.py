"""Which faults a call meets. Pure: rules, a call and seeded chance in, a verdict out."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
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
    ERROR_500_AFTER_ACTING = "error_500_after_acting"
    HTML_200 = "html_200"
    HALF_BATCH = "half_batch"
    SLOW = "slow"
    FAIL = "fail"
    WRONG_AMOUNT = "wrong_amount"


OF_ONE_TOPUP = frozenset({Action.FAIL, Action.WRONG_AMOUNT})
"""These touch single top-ups of a call; the others, the call as a whole."""

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
    """How long ``slow`` and the time-outs keep the caller waiting."""
    reason: str = "number_closed"
    """What ``fail`` gives as the reason."""


@dataclass(frozen=True, slots=True)
class Script:
    """Rules in order of precedence, and the seed of their chance."""

    rules: Sequence[Rule] = ()
    seed: int = 0


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
    refusals: Mapping[str, str] = field(default_factory=dict)
    misquoted: frozenset[str] = frozenset()


def seeded(seed: int) -> Chance:
    """Chance that depends on the seed and the label only: not on threads, order or restarts."""

    def chance(label: str) -> float:
        digest = hashlib.sha256(f"{seed}:{label}".encode()).digest()
        return int.from_bytes(digest[:6]) / 2**48

    return chance


def judge(script: Script, call: Call, chance: Chance) -> Verdict:
    """The first rule that holds for the call as a whole, and the first for each of its top-ups."""
    due = [(f"rule {n}", rule) for n, rule in enumerate(script.rules) if _due(rule, call)]
    whole = [(label, rule) for label, rule in due if rule.action not in OF_ONE_TOPUP]
    single = [(label, rule) for label, rule in due if rule.action in OF_ONE_TOPUP]
    touched = {t.key: _first_for(t, single, chance) for t in call.topups} if single else {}
    return Verdict(
        next((rule for label, rule in whole if _disturbs(rule.match, call, label, chance)), None),
        {key: rule.reason for key, rule in touched.items() if rule and rule.action is Action.FAIL},
        frozenset(
            key for key, rule in touched.items() if rule and rule.action is Action.WRONG_AMOUNT
        ),
    )


def _due(rule: Rule, call: Call) -> bool:
    match = rule.match
    return (
        rule.on is call.operation
        and (match.nth is None or call.number == match.nth)
        and (match.every is None or call.number % match.every == 0)
    )


def _first_for(topup: TopUp, rules: Iterable[tuple[str, Rule]], chance: Chance) -> Rule | None:
    for label, rule in rules:
        if _fits(rule.match, topup) and _drawn(rule.match, f"{label}, {topup.key}", chance):
            return rule
    return None


def _disturbs(match: Match, call: Call, label: str, chance: Chance) -> bool:
    named = match.key_suffix is not None or match.phone_suffix is not None
    if named and not any(_fits(match, topup) for topup in call.topups):
        return False
    return _drawn(match, f"{label}, {call.operation} {call.number}", chance)


def _fits(match: Match, topup: TopUp) -> bool:
    return (match.key_suffix is None or topup.key.endswith(match.key_suffix)) and (
        match.phone_suffix is None or topup.phone.endswith(match.phone_suffix)
    )


def _drawn(match: Match, label: str, chance: Chance) -> bool:
    return match.probability is None or chance(label) < match.probability
