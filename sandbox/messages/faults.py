"""Which fault befalls a message: the JSON script read into rules, and judged. Pure but for a file.

A script is ``{"rules": [{"action": "throttle", "on": "sms", "every": 3}, …]}``; the first rule
that holds counts. All conditions that are given must hold.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any


class Action(StrEnum):
    """What goes wrong with a message, or with one part of a long one."""

    REFUSE = "refuse"
    """No such number (ESME_RINVDSTADR), no such mailbox (550); or the rule's ``status``."""
    THROTTLE = "throttle"
    """ESME_RTHROTTLED; 451 for mail."""
    TIMEOUT_BEFORE_ACTING = "timeout_before_acting"
    """No answer ever, nothing delivered."""
    TIMEOUT_AFTER_ACTING = "timeout_after_acting"
    """Delivered, and no answer ever."""
    DROP_BEFORE_ACTING = "drop_before_acting"
    """The connection is cut, nothing delivered."""
    DROP_AFTER_ACTING = "drop_after_acting"
    """Delivered, and the connection is cut."""
    GARBAGE = "garbage"
    """Delivered; the answer is nothing that the protocol knows."""
    SLOW = "slow"
    """Delivered and answered after ``seconds``; those that came later may overtake it."""


class On(StrEnum):
    """Which of the two servers."""

    SMS = "sms"
    MAIL = "mail"


class ScriptUnreadable(Exception):
    """The file is not a fault script: which part, and why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that goes wrong, and when."""

    action: Action
    on: On
    nth: int | None = None
    """The nth message (part, for SMS) since the start, from 1."""
    every: int | None = None
    """Messages number n, 2n, 3n …"""
    to_suffix: str | None = None
    """The number or address ends so."""
    seconds: float = 1.0
    status: int | None = None
    """What ``refuse`` answers instead."""


@dataclass(frozen=True, slots=True)
class Script:
    """Rules in order of precedence."""

    rules: Sequence[Rule] = ()

    def judge(self, on: On, number: int, to: str) -> Rule | None:
        """The rule that befalls the message with this number, if any."""
        return next((rule for rule in self.rules if _holds(rule, on, number, to)), None)


def read_script(path: Path) -> Script:
    """The rules of a fault script. Raises ScriptUnreadable, and OSError where there is no file."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ScriptUnreadable(f"{path}: not JSON in UTF-8") from error
    if not isinstance(document, dict) or document.keys() != {"rules"}:
        raise ScriptUnreadable(f"{path}: an object of exactly rules is expected")
    if not isinstance(document["rules"], list):
        raise ScriptUnreadable(f"{path}: rules: a list is expected")
    return Script([_rule(one, f"{path}: rules[{n}]") for n, one in enumerate(document["rules"])])


def _holds(rule: Rule, on: On, number: int, to: str) -> bool:
    return (
        rule.on is on
        and (rule.nth is None or number == rule.nth)
        and (rule.every is None or number % rule.every == 0)
        and (rule.to_suffix is None or to.endswith(rule.to_suffix))
    )


def _rule(told: Any, where: str) -> Rule:
    if not isinstance(told, dict) or not {"action", "on"} <= told.keys():
        raise ScriptUnreadable(f"{where}: an object with action and on is expected")
    known = {field.name for field in fields(Rule)}
    if unknown := told.keys() - known:
        raise ScriptUnreadable(f"{where}: {', '.join(sorted(unknown))}: no such field")
    try:
        action, on = Action(told["action"]), On(told["on"])
    except ValueError as error:
        raise ScriptUnreadable(f"{where}: {error}") from error
    return Rule(**{**_checked(told, where), "action": action, "on": on})


def _checked(told: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    for name, value in told.items():
        if name in ("nth", "every", "status"):
            fine = type(value) is int and value >= 1
        elif name == "seconds":
            fine = type(value) in (int, float) and 0 <= value <= 120
        else:
            fine = isinstance(value, str) and bool(value)
        if not fine:
            raise ScriptUnreadable(f"{where}.{name}: out of range, or of another kind")
    return told
