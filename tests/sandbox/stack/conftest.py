"""One stack for the tests that do no lasting harm, and folders for the others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.stack import Stack
from tests.sandbox.stack.places import OUTSIDE, keeping


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder to be."""
    with keeping() as folder:
        yield folder


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A running stack on servers of its own; tests mend what they break."""
    with (
        keeping() as folder,
        Stack(folder, durable=False, web_processes=1, environ=OUTSIDE) as running,
    ):
        yield running
