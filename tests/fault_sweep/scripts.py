"""The fault scripts: every fault alone at several rates, pairs of them, and mixes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from random import Random
from typing import Any

Rule = dict[str, Any]

LAG = 2
"""Seconds after which a "not found" is final; what is late comes before that, or long after."""
FORGOTTEN_AFTER = 6


@dataclass(frozen=True, slots=True)
class FaultScript:
    """One month's bad luck."""

    name: str
    content: dict[str, Any]
    key_memory: int = 86_400
    restarts: bool = False
    """Whether somebody kills the operator's process every second or so."""
    settings: dict[str, str] = field(default_factory=dict)


def scripts(count: int, seed: int) -> list[FaultScript]:
    """So many scripts, the same for the same seed: singles first, then pairs, then mixes."""
    chance = Random(seed)
    pairs = (_pair(chance) for _ in range(14))
    mixes = (_mix(chance, share) for share in (0.05, 0.2, 0.5) * count)
    return list(islice(chain(_singles(chance), pairs, mixes), count))


def _rule(action: str, **more: Any) -> Rule:
    match = {name: more.pop(name) for name in ("probability", "nth", "every") if name in more}
    return {"action": action, "match": match, **more}


_TROUBLES: Sequence[tuple[str, Sequence[Rule]]] = (
    ("timeout_before_acting", [_rule("timeout_before_acting", every=9, seconds=1.5)]),
    ("timeout_after_acting", [_rule("timeout_after_acting", every=9, seconds=1.5)]),
    ("slow", [_rule("slow", probability=0.3, seconds=0.4)]),
    ("500_before", [_rule("error_500_before_acting", probability=0.3)]),
    ("500_after", [_rule("error_500_after_acting", probability=0.3)]),
    ("500_after_all", [_rule("error_500_after_acting", probability=0.9)]),
    ("saved_500", [_rule("saved_500", probability=0.3, seconds=3)]),
    ("html", [_rule("html_200", probability=0.2), _rule("html_200", on="query", every=7)]),
    ("drop", [_rule("drop", probability=0.3, bytes=40)]),
    ("half_batch", [_rule("half_batch", probability=0.5)]),
    ("late", [_rule("late", probability=0.3, seconds=1)]),
    ("too_late", [_rule("late", probability=0.2, seconds=LAG + 3)]),
    ("rate_limit", [_rule("rate_limit", probability=0.1, seconds=1)]),
    ("crash_before", [_rule("crash_before_acting", every=13)]),
    ("crash_after", [_rule("crash_after_acting", every=13)]),
    ("fail", [_rule("fail", probability=0.2)]),
    ("wrong_amount", [_rule("wrong_amount", probability=0.1)]),
    ("wrong_amount_always", [_rule("wrong_amount", probability=0.02),
                             _rule("wrong_amount", on="query")]),
    ("accept", [_rule("accept", probability=0.5, seconds=1.5)]),
    ("accept_and_fail", [_rule("accept", probability=0.4, seconds=1),
                         _rule("fail", probability=0.3)]),
    ("callback", [_rule("callback", probability=0.5, seconds=0.2),
                  _rule("error_500_after_acting", probability=0.3)]),
    ("duplicate_callback", [_rule("duplicate_callback", probability=0.3, seconds=0.2)]),
    ("contradictory_callback", [_rule("contradictory_callback", probability=0.1, seconds=0.2)]),
    ("early_callback", [_rule("early_callback", probability=0.2)]),
    ("query_500", [_rule("error_500_after_acting", probability=0.3),
                   _rule("error_500_before_acting", on="query", probability=0.5)]),
    ("query_slow", [_rule("html_200", probability=0.2),
                    _rule("slow", on="query", probability=0.2, seconds=0.2)]),
    ("statement_500", [_rule("error_500_before_acting", on="statement", probability=0.5)]),
    ("statement_html", [_rule("html_200", on="statement", probability=0.5)]),
    ("statement_drop", [_rule("drop", on="statement", probability=0.5, bytes=30)]),
    ("statement_count", [_rule("statement_count", on="statement", every=2)]),
    ("statement_page", [_rule("statement_page_missing", on="statement", every=2)]),
    ("statement_omits", [_rule("statement_omits", on="statement", probability=0.05)]),
    ("statement_adds", [_rule("statement_adds", on="statement", probability=0.05)]),
    ("statement_amount", [_rule("statement_amount", on="statement", probability=0.05)]),
    ("statement_repeats", [_rule("statement_repeats", on="statement", probability=0.05)]),
)  # fmt: skip


def _singles(chance: Random) -> list[FaultScript]:
    seed = chance.randrange(1 << 30)
    found = [FaultScript(name, _content(rules, seed)) for name, rules in _TROUBLES]
    forget = [
        _rule("forget", probability=0.5, seconds=FORGOTTEN_AFTER),
        _rule("error_500_after_acting", probability=0.4),
        _rule("error_500_before_acting", on="query", probability=0.6),
    ]
    # Sent again for one second only: the key is remembered for six.
    found.insert(8, FaultScript("forget", _content(forget, seed), key_memory=301))
    found.insert(9, FaultScript("restarts", _content([_TROUBLES[2][1][0]], seed), restarts=True))
    found.insert(10, FaultScript("rate", {"seed": seed, "rate": 700}))
    return found


def _pair(chance: Random) -> FaultScript:
    (one, its), (other, others) = chance.sample(_TROUBLES, 2)
    return FaultScript(f"{one}+{other}", _content([*its, *others], chance.randrange(1 << 30)))


def _mix(chance: Random, share: float) -> FaultScript:
    content = {"seed": chance.randrange(1 << 30), "mix": share, "seconds": 0.6}
    return FaultScript(f"mix {share}", content, key_memory=340, restarts=chance.random() < 0.3)


def _content(rules: Sequence[Rule], seed: int) -> dict[str, Any]:
    return {"seed": seed, "rules": list(rules)}
