"""What shops write into their ids is printed as text: it draws nothing and commands nothing."""

import json
from datetime import UTC, datetime

import pytest

from tracker.kit.cli import show, show_rows

EVIL = "[/x] [red]A[/red] \x1b[2J \x9b31m \u202eevil\u202c \x07"


@pytest.mark.parametrize("as_json", [True, False])
def test_no_control_character_comes_through(
    capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    show({"order": EVIL, "inner": {"of": [EVIL]}}, as_json=as_json)
    show_rows([{"order": EVIL, "note": None}], as_json=as_json, empty="none")
    said = capsys.readouterr().out
    assert not set(said) & set("\x1b\x9b\u202e\u202c\x07")
    assert "[red]A[/red]" in said
    assert "\\u001b[2J" in said


def test_json_still_says_what_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    show({"order": EVIL, "at": datetime(2011, 1, 1, tzinfo=UTC)}, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert found == {"order": EVIL, "at": "2011-01-01T00:00:00+00:00"}


def test_text_has_no_python_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    show({"nothing": None, "secrets": {"1": None}}, as_json=False)
    said = capsys.readouterr().out
    assert "None" not in said
    assert '{"1": null}' in said
