"""Servers shared by the tests of a worker, folders of their own, and owners to kill."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.servers import EmbeddedServers, temporary_data, temporary_servers
from tests.sandbox.servers.owners import Owner, StartOwner


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    """Servers that tests share: what they break, they mend."""
    with temporary_servers() as running:
        yield running


@contextmanager
def keeping() -> Iterator[Path]:
    parent = temporary_data()
    yield parent / "data"
    shutil.rmtree(parent)


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder to be, in a place that any account can reach."""
    with keeping() as data:
        yield data


@pytest.fixture(scope="session")
def used() -> Iterator[Path]:
    """A data folder that has been in use and is not; tests leave it so."""
    with keeping() as data:
        with EmbeddedServers(data, durable=False):
            pass
        yield data


@pytest.fixture
def start_owner() -> Iterator[StartOwner]:
    """Start an owner of servers on a data folder, with options; killed at the end."""
    owners: list[Owner] = []

    def start(data: Path, *options: str) -> Owner:
        owners.append(Owner.start(data, *options))
        return owners[-1]

    yield start
    for owner in owners:
        owner.die()
        if owner.facts["child"]:
            os.kill(owner.facts["child"], signal.SIGKILL)


@pytest.fixture(autouse=True)
def warnings_are_heard(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever level of logs another test of this process has set."""
    caplog.set_level("WARNING")
