"""`tracker sandbox telecom` and `tracker sandbox messages` as commands."""

import json
import signal
import socket
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
from click.testing import CliRunner, Result

from sandbox.messages.cli import messages, telecom
from sandbox.messages.process import running_telecom
from sandbox.messages.store import Delivered, Store

AT = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


def call(*arguments: str | Path) -> Result:
    group = click.Group(commands=[telecom, messages])
    return CliRunner().invoke(group, [str(argument) for argument in arguments])


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A box with an SMS, another of another's, and a letter."""
    store = Store(tmp_path)
    store.keep(Delivered("sms", AT, "+79001234567", "CLUB", None, "Код 1", "S1"))
    store.keep(Delivered("sms", AT, "+79007654321", "CLUB", None, "Код \x1b[31m2", "S2", 2))
    store.keep(
        Delivered("mail", AT, "a@example.org", "club@example.org", "Тема", "Код 3\nвсё\n", "<m>")
    )
    store.close()
    return tmp_path


def test_people_read_what_was_delivered(box: Path) -> None:
    assert call("messages", "--data", box).output == (
        "2026-11-22 12:30:00Z sms to +79001234567 from CLUB\n"
        "    Код 1\n"
        "2026-11-22 12:30:00Z sms to +79007654321 from CLUB\n"
        "    Код \\u001b[31m2\n"
        "2026-11-22 12:30:00Z mail to a@example.org from club@example.org\n"
        "    Тема\n"
        "    Код 3\n"
        "    всё\n"
    )


def test_programs_read_it_as_json(box: Path) -> None:
    assert [
        one["text"] for one in json.loads(call("messages", "--data", box, "--json").output)
    ] == [
        "Код 1",
        "Код \x1b[31m2",
        "Код 3\nвсё\n",
    ]
    last = call("messages", "--data", box, "--to", "+79007654321", "--last", "--json")
    assert json.loads(last.output) == {
        "kind": "sms",
        "at": AT.isoformat(),
        "to": "+79007654321",
        "from": "CLUB",
        "subject": None,
        "text": "Код \x1b[31m2",
        "reference": "S2",
        "parts": 2,
    }


def test_an_empty_box(tmp_path: Path) -> None:
    assert (said := call("messages", "--data", tmp_path)).exit_code == 0
    assert said.output == "nothing was delivered\n"
    assert call("messages", "--data", tmp_path, "--json").output == "[]\n"
    assert call("messages", "--data", tmp_path, "--last").exit_code == 1
    assert list(tmp_path.iterdir()) == [], "reading leaves nothing behind"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--sms", "smpp://club:secret@h"], "--sms"),
        (["--mail", "smtp://u:secret@h"], "--mail"),
        (["--faults", "absent.json"], "--faults"),
        (["--certificate", "absent.pem"], "--certificate"),
    ],
)
def test_bad_usage_is_exit_code_2(arguments: list[str], complaint: str) -> None:
    result = call("telecom", *arguments)
    assert (result.exit_code, complaint in result.output) == (2, True)
    assert "secret" not in result.output


def test_a_wrong_fault_script_is_exit_code_2(tmp_path: Path) -> None:
    script = tmp_path / "faults.json"
    script.write_text('{"rules": [{"action": "explode", "on": "sms"}]}')
    result = call("telecom", "--faults", script)
    assert (result.exit_code, "explode" in result.output) == (2, True)


@pytest.mark.parametrize("which", ["--sms", "--mail"])
def test_a_port_that_is_taken_is_exit_code_1(tmp_path: Path, which: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        urls = {
            "--sms": "smpp://u:p@127.0.0.1:0?source=X",
            "--mail": "smtp://127.0.0.1:0?from=a@b&tls=none",
        }
        urls[which] = urls[which].replace(":0?", f":{port}?")
        words = [word for pair in urls.items() for word in pair]
        result = call("telecom", "--data", tmp_path, *words)
    assert (result.exit_code, f"port {port} is taken" in result.output) == (1, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with running_telecom(tmp_path) as telecom:
        address = urlsplit(telecom.sms_url)
        with socket.create_connection((address.hostname or "", address.port or 0), 5) as idle:
            idle.sendall(b"\0\0")
            telecom.process.send_signal(number)
            assert telecom.process.wait(10) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["messages.sqlite3"]
