"""`tracker sandbox billing` as a command: usage, one port for one, a clean end."""

import os
import signal
import socket
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from sandbox.billing.cli import sandbox
from sandbox.billing.process import running_billing
from sandbox.billing.server import HOST, PortTaken, reserved


def refuses_connections(url: str) -> bool:
    port = int(url.rpartition(":")[2])
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) != 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "65536"], "--port"),
        (["--clock", "noon"], "--clock"),
        (["--faults", "absent.json"], "--faults"),
    ],
)
def test_bad_usage_is_exit_code_2(arguments: list[str], complaint: str) -> None:
    result = CliRunner().invoke(sandbox, ["billing", *arguments])
    assert (result.exit_code, complaint in result.output) == (2, True)


def test_a_wrong_fault_script_is_exit_code_2(tmp_path: Path) -> None:
    script = tmp_path / "faults.json"
    script.write_text('{"rules": [{"action": "explode"}]}')
    result = CliRunner().invoke(sandbox, ["billing", "--faults", str(script)])
    assert (result.exit_code, "action" in result.output) == (2, True)


def test_a_port_that_is_taken_is_exit_code_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        arguments = ["billing", "--port", port, "--data", str(tmp_path)]
        result = CliRunner().invoke(sandbox, arguments)
    assert (result.exit_code, "is taken" in result.output) == (1, True)


def test_a_running_billing_does_not_share_its_port(tmp_path: Path) -> None:
    with running_billing(tmp_path, token="t") as billing:
        port = int(billing.url.rpartition(":")[2])
        with pytest.raises(PortTaken), reserved(port):
            pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with running_billing(tmp_path, token="t") as billing:
        billing.process.send_signal(number)
        assert billing.process.wait(10) == 0
        assert refuses_connections(billing.url)


def test_nothing_outlives_a_killed_owner(tmp_path: Path) -> None:
    with running_billing(tmp_path, token="t") as billing:
        billing.kill()
        deadline = time.monotonic() + 5
        while not refuses_connections(billing.url):
            assert time.monotonic() < deadline
            os.sched_yield()
