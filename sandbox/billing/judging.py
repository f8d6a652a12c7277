"""Which faults a call meets. Pure: rules, a call and seeded chance in, a verdict out."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sandbox.billing.faults import (
    FAMILIES,
    OF_ONE_TOPUP,
    Action,
    Call,
    Chance,
    Match,
    Rule,
    Script,
    Verdict,
    possible_on,
)
from sandbox.billing.topups import TopUp

_MIXED_SHARE = 0.25
"""Of a call that the mix has befallen with a fault of single top-ups: how many it touches."""
_FORGETS_AFTER = 100
"""Times its seconds after which what the mix forgets is forgotten."""

_Labelled = tuple[str, Rule]


def judge(script: Script, call: Call, chance: Chance) -> Verdict:
    """The first rule that holds for the call as a whole, and the first of each family for each of
    its top-ups."""
    due = [(f"rule {n}", rule) for n, rule in enumerate(script.rules) if _due(rule, call)]
    due = [unmixed for label, rule in due if (unmixed := _unmixed(label, rule, call, chance))]
    whole = [(label, rule) for label, rule in due if rule.action not in OF_ONE_TOPUP]
    single = [(label, rule) for label, rule in due if rule.action in OF_ONE_TOPUP]
    touched = {t.key: _all_for(t, single, chance) for t in call.topups} if single else {}
    return Verdict(
        next((rule for label, rule in whole if _disturbs(rule.match, call, label, chance)), None),
        {key: rules for key, rules in touched.items() if rules},
    )


def _due(rule: Rule, call: Call) -> bool:
    match = rule.match
    return (
        rule.on is call.operation
        and (match.nth is None or call.number == match.nth)
        and (match.every is None or call.number % match.every == 0)
    )


def _unmixed(label: str, rule: Rule, call: Call, chance: Chance) -> _Labelled | None:
    """What the mix has drawn for this call; any other rule as it is."""
    if rule.action is not Action.MIX:
        return label, rule
    label = f"{label}, {call.operation} {call.number}"
    if not _drawn(rule.match, label, chance):
        return None
    actions = [
        one for one in Action if one is not Action.MIX and call.operation in possible_on(one)
    ]
    action = actions[int(chance(f"{label}, which") * len(actions))]
    match = Match(probability=_MIXED_SHARE) if action in OF_ONE_TOPUP else Match()
    seconds = rule.seconds * (_FORGETS_AFTER if action is Action.FORGET else 1)
    return label, replace(rule, action=action, match=match, seconds=seconds)


def _all_for(topup: TopUp, rules: Sequence[_Labelled], chance: Chance) -> list[Rule]:
    """The first that holds for a top-up, of each family of faults."""
    found = (
        _first_for(topup, [one for one in rules if one[1].action in family], chance)
        for family in FAMILIES
    )
    return [rule for rule in found if rule]


def _first_for(topup: TopUp, rules: Iterable[_Labelled], chance: Chance) -> Rule | None:
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
