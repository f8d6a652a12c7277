"""The fault script's file: what is read, what is refused."""

import json
from pathlib import Path

import pytest

from sandbox.billing.faults import Action, Match, Operation, Rule, Script
from sandbox.billing.script import ScriptUnreadable, read_script


def script_of(folder: Path, text: str) -> Path:
    path = folder / "faults.json"
    path.write_text(text, "utf-8")
    return path


def test_a_script_is_read_whole(tmp_path: Path) -> None:
    rules = [
        {"action": "slow", "on": "query", "match": {"nth": 3, "every": 3}, "seconds": 0.5},
        {"action": "fail", "match": {"phone_suffix": "7"}, "reason": "number_ported"},
        {"action": "wrong_amount", "match": {"key_suffix": "1", "probability": 0.25}},
    ]
    path = script_of(tmp_path, json.dumps({"seed": 7, "rules": rules}))
    assert read_script(path) == Script(
        [
            Rule(Action.SLOW, Operation.QUERY, Match(nth=3, every=3), seconds=0.5),
            Rule(Action.FAIL, match=Match(phone_suffix="7"), reason="number_ported"),
            Rule(Action.WRONG_AMOUNT, match=Match(key_suffix="1", probability=0.25)),
        ],
        seed=7,
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not JSON"),
        ("[]", "Invalid input"),
        ("{}", "rules"),
        ('{"rules": [], "sede": 1}', "sede"),
        ('{"rules": [{}]}', "action"),
        ('{"rules": [{"action": "explode"}]}', "action"),
        ('{"rules": [{"action": "slow", "match": {"nht": 1}}]}', "nht"),
        ('{"rules": [{"action": "slow", "match": {"nth": 0}}]}', "nth"),
        ('{"rules": [{"action": "slow", "match": {"probability": 2}}]}', "probability"),
        ('{"rules": [{"action": "slow", "seconds": 1e9}]}', "seconds"),
        ('{"rules": [{"action": "fail", "reason": "Closed!"}]}', "reason"),
        ('{"rules": [{"action": "fail", "on": "query"}]}', "cannot happen on query"),
    ],
)
def test_what_is_no_script_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ScriptUnreadable, match=complaint):
        read_script(script_of(tmp_path, text))
