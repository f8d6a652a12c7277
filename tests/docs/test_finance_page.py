"""docs/finance.md is true: an accountant who follows it sees what it shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.servers import EmbeddedServers
from tests.docs.pages import blocks, matches, page
from tests.docs.served import Served, serving
from tests.world import World, confirmed, created, day
from tracker.kit.database import unit_of_work
from tracker.kit.settings import Settings, load_settings
from tracker.staff.rules import Role
from tracker.staff.service import hire

PAGE = page("finance.md")


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
    shop, member = world.shop("demo-shop"), world.member()
    world.tell(shop, created("A-1001", world.click(member, shop, day(0)), 3000, at=day(1)))
    world.tell(shop, confirmed("A-1001", at=day(9)))
    with unit_of_work(world.tools.engine) as session:
        keys = world.tools.settings.keys
        vera, boris = (
            hire(session, keys, name, role)
            for name, role in (("vera", Role.OPERATOR), ("boris", Role.APPROVER))
        )
    shown = [one for one in blocks(PAGE) if one.language in ("sh", "text")]
    commands = [one.text for one in shown if one.language == "sh"]
    known = f"API={served.stack.url}; VERA={vera}; BORIS={boris}; MEMBER={member}\n"
    outputs = iter(served.bash([known + commands[0], *commands[1:]], tmp_path))
    for one, following in zip(shown, [*shown[1:], None], strict=True):
        if one.language == "sh":
            got = next(outputs)
            expected = following.text if following and following.language == "text" else ""
            assert matches(expected, got), f"{one.text}\nprinted\n{got}"
    assert world.differences() == []
