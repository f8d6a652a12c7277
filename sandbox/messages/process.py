"""Starts the SMS centre and the mail server as a process of its own, for tests."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.messages.addresses import at_port_of, own_urls

_SECONDS_TO_START = 30.0


class NotStarted(Exception):
    """The process ended, or was ended after half a minute, before it was ready."""


@dataclass(frozen=True, slots=True)
class TelecomProcess:
    """Running servers: where they listen, as SMS_URL and MAIL_URL, and their process."""

    sms_url: str
    mail_url: str
    data: Path
    process: subprocess.Popen[str]

    def kill(self) -> None:
        """SIGKILL, as a crash would, and wait."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running_telecom(
    data: Path,
    *,
    sms_url: str | None = None,
    mail_url: str | None = None,
    faults: Path | None = None,
    certificate: Path | None = None,
) -> Iterator[TelecomProcess]:
    """Both servers over the box in ``data`` until the block ends. Raises NotStarted."""
    own = own_urls()
    sms, mail = sms_url or own["SMS_URL"], mail_url or own["MAIL_URL"]
    command = [sys.executable, "-m", "sandbox.messages", "--data", str(data)]
    command += ["--faults", str(faults)] if faults else []
    command += ["--certificate", str(certificate)] if certificate else []
    # Not as arguments: those, all can see.
    environment = {**os.environ, "SMS_URL": sms, "MAIL_URL": mail}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            at_sms, at_mail = _announced(process)
            yield TelecomProcess(at_port_of(sms, at_sms), at_port_of(mail, at_mail), data, process)
        finally:
            process.terminate()


def _announced(process: subprocess.Popen[str]) -> tuple[str, str]:
    give_up = threading.Timer(_SECONDS_TO_START, process.kill)
    give_up.start()
    try:
        for line in process.stdout or ():
            if line.startswith("ready "):
                _, sms, mail = line.split()
                return sms, mail
    finally:
        give_up.cancel()
    raise NotStarted(f"it ended with exit code {process.wait()}")
