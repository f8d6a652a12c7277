"""A running stack: what it says of itself, its processes, and commands on it."""

import json
import os
import subprocess
from pathlib import Path

import httpx2
import pytest

from sandbox.servers import DataFolderInUse
from sandbox.servers.families import members
from sandbox.servers.processes import birth
from sandbox.stack import CommandFailed, Stack, StackError
from sandbox.stack.commands import tracker_command
from sandbox.stack.tending import Tending
from tests.sandbox.stack.places import OUTSIDE
from tracker.gateways.smpp import SmppSms
from tracker.gateways.smtp import SmtpMail
from tracker.kit.providers import mail_server_from, sms_centre_from
from tracker.kit.settings import STACK_FILE
from tracker.notifications.ports import Letter, Outcome, ShortMessage


def ready(stack: Stack) -> bool:
    return httpx2.get(f"{stack.url}/health/ready", trust_env=False).is_success


def test_it_takes_traffic(stack: Stack) -> None:
    assert ready(stack)
    assert set(stack.processes) == {
        "billing",
        "telecom",
        "web",
        "scheduler",
        "worker-1",
        "worker-2",
    }
    assert all(child.pid for child in stack.processes.values())


def test_it_says_what_it_is_to_its_owner_alone(stack: Stack) -> None:
    path = stack.data / STACK_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    told = json.loads(path.read_text())
    assert told == stack.settings
    assert set(told) == {
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "REDIS_URL",
        "TRACKER_SECRET_KEY",
        "BILLING_URL",
        "BILLING_TOKEN",
        "SMS_URL",
        "MAIL_URL",
        "PUBLIC_URL",
    }
    assert told["PUBLIC_URL"] == stack.url
    assert (stack.data / "secret.key").stat().st_mode & 0o777 == 0o600


def test_a_command_run_elsewhere_finds_it(stack: Stack, tmp_path: Path) -> None:
    command = tracker_command("--data", str(stack.data), "ledger", "proof", "--json")
    said = subprocess.run(command, env=OUTSIDE, cwd=tmp_path, capture_output=True, check=True)
    assert json.loads(said.stdout) == {"ledger_proof": "ok", "differences": []}


def test_its_own_commands(stack: Stack) -> None:
    assert stack.tracker("purchases", "totals", json=True)["pending"] == 0
    assert "pending" in stack.tracker("purchases", "totals")
    with pytest.raises(CommandFailed, match=r"settlement show.*ended with 1.*2011-01") as failure:
        stack.tracker("settlement", "show", "--period", "2011-01")
    assert failure.value.exit_code == 1


def test_a_second_stack_on_the_same_folder_is_refused(stack: Stack) -> None:
    with pytest.raises(DataFolderInUse, match=f"in use by process {os.getpid()}; .* --data"):
        Stack(stack.data, environ=OUTSIDE).start()
    assert ready(stack)


def test_a_taken_port_is_refused(stack: Stack, data: Path) -> None:
    port = int(stack.url.rpartition(":")[2])
    with pytest.raises(StackError, match=f"port {port} is taken"):
        Stack(data, port=port, environ=OUTSIDE).start()
    assert not data.exists()
    assert ready(stack)


def test_a_killed_process_leaves_nothing_of_its_family(stack: Stack) -> None:
    family = members(stack.data, "web")
    assert len(family) > 1, "the web service has processes of its own"
    stack.kill("web")
    assert [birth(pid) for pid in family] == [None] * len(family)
    assert stack.processes["web"].pid is None
    stack.restart("web")
    assert ready(stack)


def test_billing_comes_back_at_the_same_address(stack: Stack) -> None:
    stack.kill("billing")
    stack.restart("billing")
    live = httpx2.get(f"{stack.settings['BILLING_URL']}/health/live", trust_env=False)
    assert live.is_success


def test_messages_are_delivered_and_read(stack: Stack) -> None:
    """By the settings that all processes are told; also when the servers were killed meanwhile."""
    environ = {name: stack.settings[name] for name in ("SMS_URL", "MAIL_URL")}
    assert environ.keys() <= stack.environ.keys()
    sms = SmppSms(sms_centre_from(environ["SMS_URL"]), timeout=10)
    mail = SmtpMail(mail_server_from(environ["MAIL_URL"]), timeout=10)
    assert sms.send([ShortMessage("a", "+79001234567", "Код 1")])[0].outcome is Outcome.ACCEPTED
    stack.kill("telecom")
    stack.restart("telecom")
    assert sms.send([ShortMessage("b", "+79001234567", "Код 2")])[0].outcome is Outcome.ACCEPTED
    letter = Letter("c", "anna@example.org", "Добро пожаловать", "Код 3")
    assert mail.send([letter])[0].outcome is Outcome.ACCEPTED
    sms.close()
    said = stack.tracker("sandbox", "messages", "--to", "+79001234567", json=True)
    assert [one["text"] for one in said] == ["Код 1", "Код 2"]
    assert stack.tracker("sandbox", "messages", "--last", json=True)["text"] == "Код 3\n"
    assert (stack.data / "messages.sqlite3").stat().st_mode & 0o777 == 0o600


def test_a_name_that_is_none(stack: Stack) -> None:
    with pytest.raises(StackError, match="no process is called 'worker-9'"):
        stack.kill("worker-9")


def test_what_ends_by_itself_is_started_again_and_told(stack: Stack) -> None:
    told: list[str] = []
    tending = Tending(stack, told.append)
    tending.look()
    assert told == []

    stack.kill("worker-1")
    stack.servers.valkey.kill()
    tending.look()
    assert stack.processes["worker-1"].pid
    assert stack.servers.valkey.pid
    assert [line.splitlines()[0] for line in told] == [
        "Valkey has ended",
        "Valkey was started again",
        f"worker-1 has ended with exit code -9; the end of {stack.data}/logs/worker-1.log:",
        "worker-1 was started again",
    ]
