"""docs/finance.md is true: an accountant who follows it sees what it shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.servers import EmbeddedServers
from tests.docs.pages import blocks, matches, page
from tests.docs.served import Served, serving
from tests.world import World
from tracker.kit.settings import Settings, load_settings

PAGE = page("finance.md")
URL_SHOWN = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def served(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The product, served."""
    with serving(servers, tmp_path_factory.mktemp("stack")) as found:
        yield found


@pytest.fixture
def settings(served: Served) -> Settings:
    """Those of the served product, so that `world` sees what it sees."""
    return load_settings(served.stack.environ, served.stack.data)


def test_an_accountant_who_follows_the_page_sees_what_it_shows(
    served: Served, world: World, tmp_path: Path
) -> None:
    shown = [one for one in blocks(PAGE) if one.language in ("sh", "text")]
    commands = [
        one.text.replace(URL_SHOWN, served.stack.url) for one in shown if one.language == "sh"
    ]
    outputs = iter(served.bash(commands, tmp_path))
    for one, following in zip(shown, [*shown[1:], None], strict=True):
        if one.language == "sh":
            got = next(outputs)
            expected = following.text if following and following.language == "text" else ""
            assert matches(expected, got), f"{one.text}\nprinted\n{got}"
    assert world.differences() == []
