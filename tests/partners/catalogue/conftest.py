"""The catalogue of a deployment of its own."""

import pytest

from tests.partners.catalogue.shelf import Shelf
from tests.partners.catalogue.shelf import shelf as made
from tracker.kit.runtime import Runtime


@pytest.fixture
def shelf(tools: Runtime) -> Shelf:
    """An empty catalogue on the first day of the story."""
    return made(tools)
