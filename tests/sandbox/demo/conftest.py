"""Folders for demonstrations."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.stack.places import keeping


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder to be."""
    with keeping() as folder:
        yield folder
