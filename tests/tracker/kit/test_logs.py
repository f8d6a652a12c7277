"""Logs: one JSON object a line, and nobody's secrets in them."""

import json
import subprocess
import sys
from typing import Any

_PROGRAM = """
import sys
from tracker.kit.logs import log, set_up_logs

set_up_logs(sys.argv[1])
LOG = log("room")

def deep(password):
    local_secret = password + "-local"
    raise RuntimeError("told")

LOG.info("quiet", sum=1)
LOG.warning("loud", name="Ж")
try:
    deep("hush")
except RuntimeError:
    LOG.exception("failed", event_id=7)
"""


def logged(level: str) -> list[dict[str, Any]]:
    """What a process writes to standard error, which is no terminal here."""
    command = [sys.executable, "-c", _PROGRAM, level]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == ""
    return [json.loads(line) for line in ran.stderr.splitlines()]


def test_a_line_is_an_object_with_its_level_moment_and_room() -> None:
    quiet, loud, failed = logged("INFO")
    assert (quiet["event"], quiet["level"], quiet["room"]) == ("quiet", "info", "room")
    assert (loud["event"], loud["name"]) == ("loud", "Ж")
    assert (failed["event"], failed["level"], failed["event_id"]) == ("failed", "error", 7)
    assert all(line["timestamp"].endswith("Z") for line in (quiet, loud, failed))


def test_what_is_below_the_level_is_left_out() -> None:
    assert [line["event"] for line in logged("ERROR")] == ["failed"]


def test_a_traceback_shows_no_values_of_variables() -> None:
    (failed,) = logged("ERROR")
    assert "RuntimeError: told" in failed["exception"]
    assert "in deep" in failed["exception"]
    assert "hush" not in json.dumps(failed)
