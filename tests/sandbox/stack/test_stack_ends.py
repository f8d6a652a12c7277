"""However it ends, a stack leaves nothing behind but its data."""

import signal
import socket
from pathlib import Path

import httpx2
import pytest

from sandbox.servers import EmbeddedServers
from sandbox.servers.processes import wait_until
from sandbox.stack import CommandFailed, Stack, StackBroken
from sandbox.stack.tending import Tending
from tests.sandbox.stack.places import OUTSIDE, Up, left_on, sockets_of
from tracker.kit.settings import STACK_FILE

OTHERS = {
    "BILLING_URL": "http://127.0.0.1:9/",
    "SMS_URL": "smpp://club:secret@127.0.0.1:9?source=CLUB",
    "MAIL_URL": "smtp://127.0.0.1:9?from=club@example.org",
}
"""Whatever the product speaks to, named from outside."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_person_ends_it(data: Path, number: signal.Signals) -> None:
    with Up(data) as up:
        url = up.line("ready")
        assert httpx2.get(f"{url}/health/ready", trust_env=False).is_success
        sockets = sockets_of(data)
        assert up.end(number) == 0
        assert left_on(data) == []
        assert not sockets.exists()
        assert not (data / STACK_FILE).exists()


def test_a_taken_port_is_told(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Up(data, "--port", str(port)) as up:
            assert up.ended() == 1
            assert f"port_taken: port {port} is taken" in "".join(up.said)
    assert not data.exists()


def test_its_owner_is_killed_and_the_next_one_goes_on(data: Path) -> None:
    with Up(data) as up:
        up.line("ready")
        sockets = sockets_of(data)
        key = (data / "secret.key").read_text()
        up.process.kill()
        assert wait_until(lambda: not left_on(data), 20)
        assert wait_until(lambda: not sockets.exists(), 5)
        assert not (data / STACK_FILE).exists()
    given = {**OUTSIDE, "SMS_URL": OTHERS["SMS_URL"]}
    with Stack(data, durable=False, workers=1, web_processes=1, environ=given) as stack:
        assert stack.settings["SMS_URL"] == given["SMS_URL"]
        assert stack.settings["MAIL_URL"].startswith("smtp://127.0.0.1:"), "a stand-in's own"
        assert (data / "secret.key").read_text() == key
        assert stack.tracker("ledger", "proof", json=True)["ledger_proof"] == "ok"
    assert left_on(data) == []


def test_servers_of_ones_own_are_used_instead(
    data: Path, environ: dict[str, str], servers: EmbeddedServers
) -> None:
    given = {**OUTSIDE, **environ, **OTHERS}
    with Stack(data, scheduler=False, workers=1, web_processes=1, environ=given) as stack:
        assert set(stack.processes) == {"web", "worker-1"}
        assert stack.servers.running == []
        assert {name: stack.settings[name] for name in environ if name != "LOG_LEVEL"} == {
            name: value for name, value in environ.items() if name != "LOG_LEVEL"
        }
        assert httpx2.get(f"{stack.url}/health/ready", trust_env=False).is_success
    assert left_on(data) == []
    assert servers.postgres.pid
    assert not (data / "secret.key").exists(), "the key was given"


def test_a_vital_process_that_keeps_ending_is_too_much(data: Path) -> None:
    given = {**OUTSIDE, **OTHERS}
    with Stack(data, durable=False, workers=0, web_processes=1, environ=given) as stack:
        tending = Tending(stack, lambda _: None)
        for _ in range(2):
            stack.kill("scheduler")
            assert wait_until(lambda: _looked(tending, stack), 10)
        stack.kill("scheduler")
        with pytest.raises(StackBroken, match="scheduler has ended 3 times"):
            tending.look()
    assert left_on(data) == []


def test_a_start_that_fails_leaves_nothing(data: Path) -> None:
    given = {**OUTSIDE, "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}
    with pytest.raises(CommandFailed, match=r"(?s)db upgrade.*127\.0\.0\.1"):
        Stack(data, durable=False, environ=given).start()
    assert left_on(data) == []


def _looked(tending: Tending, stack: Stack) -> bool:
    tending.look()
    return stack.processes["scheduler"].pid is not None
