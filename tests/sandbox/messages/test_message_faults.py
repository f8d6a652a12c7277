"""The fault script for messages: which rule holds, and what is no script."""

import json
from pathlib import Path

import pytest

from sandbox.messages.faults import Action, On, Rule, Script, ScriptUnreadable, read_script


def script(folder: Path, text: str) -> Path:
    path = folder / "faults.json"
    path.write_text(text)
    return path


def test_the_first_rule_that_holds_counts() -> None:
    rules = [
        Rule(Action.REFUSE, On.SMS, nth=2),
        Rule(Action.THROTTLE, On.SMS, every=3, to_suffix="7"),
        Rule(Action.SLOW, On.MAIL),
    ]
    judge = Script(rules).judge
    assert judge(On.SMS, 1, "79000000007") is None
    assert judge(On.SMS, 2, "79000000007") is rules[0]
    assert judge(On.SMS, 3, "79000000007") is rules[1]
    assert judge(On.SMS, 3, "79000000008") is None
    assert judge(On.MAIL, 2, "anna@example.org") is rules[2]


def test_a_script_is_read_whole(tmp_path: Path) -> None:
    rule = {"action": "slow", "on": "mail", "nth": 1, "every": 2, "to_suffix": "x", "seconds": 0.5}
    other = {"action": "refuse", "on": "sms", "status": 8}
    path = script(tmp_path, json.dumps({"rules": [rule, other]}))
    assert read_script(path) == Script(
        [
            Rule(Action.SLOW, On.MAIL, nth=1, every=2, to_suffix="x", seconds=0.5),
            Rule(Action.REFUSE, On.SMS, status=8),
        ]
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not JSON"),
        ("[]", "an object of exactly rules"),
        ('{"rules": [], "seed": 1}', "an object of exactly rules"),
        ('{"rules": {}}', "a list"),
        ('{"rules": ["throttle"]}', "action and on"),
        ('{"rules": [{"action": "throttle"}]}', "action and on"),
        ('{"rules": [{"action": "explode", "on": "sms"}]}', "explode"),
        ('{"rules": [{"action": "slow", "on": "fax"}]}', "fax"),
        ('{"rules": [{"action": "slow", "on": "sms", "nht": 1}]}', "nht"),
        ('{"rules": [{"action": "slow", "on": "sms", "nth": 0}]}', "nth"),
        ('{"rules": [{"action": "slow", "on": "sms", "nth": true}]}', "nth"),
        ('{"rules": [{"action": "slow", "on": "sms", "seconds": 1e9}]}', "seconds"),
        ('{"rules": [{"action": "slow", "on": "sms", "to_suffix": 7}]}', "to_suffix"),
    ],
)
def test_what_is_no_script_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ScriptUnreadable, match=complaint):
        read_script(script(tmp_path, text))
