"""docs/finance/statements.md is true: its commands are run, its tables hold against the code."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from partners.reconciliation import cells, formats, parts, reading, rules, schemas, workbooks
from partners.reconciliation.defaults import FORMATS
from sandbox.servers import EmbeddedServers
from tests.docs.pages import blocks, code, matches, page, tables
from tests.docs.served import Served, serving
from tests.world import World, created, day
from tracker.kit.database import unit_of_work
from tracker.kit.settings import Settings, load_settings
from tracker.staff.rules import Role
from tracker.staff.service import hire

PAGE = page("finance/statements.md")


@pytest.fixture(scope="module")
def served(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The product, served."""
    with serving(servers, tmp_path_factory.mktemp("stack")) as found:
        yield found


@pytest.fixture
def settings(served: Served) -> Settings:
    """Those of the served product, so that `world` sees what it sees."""
    return load_settings(served.stack.environ, served.stack.data)


def test_a_reader_who_follows_the_page_sees_what_it_shows(
    served: Served, world: World, tmp_path: Path
) -> None:
    shop = world.shop("demo-shop")
    for order, amount in (("A-1001", 1530), ("A-1002", 500), ("A-1003", 250), ("A-1004", 99)):
        click = world.click(world.member(), shop, day(0))
        world.tell(shop, created(order, click, amount, at=day(0)))
    with unit_of_work(world.tools.engine) as session:
        keys = world.tools.settings.keys
        admin = hire(session, keys, "anna", Role.ADMIN)
        boris = hire(session, keys, "boris", Role.APPROVER)
    shown = [one for one in blocks(PAGE) if one.language in ("sh", "text")]
    commands = [one.text for one in shown if one.language == "sh"]
    known = f"API={served.stack.url}; ANNA={admin}; BORIS={boris}\n"
    outputs = iter(served.bash([known + commands[0], *commands[1:]], tmp_path))
    for one, following in zip(shown, [*shown[1:], None], strict=True):
        if one.language == "sh":
            got = next(outputs).replace("}{", "}\n{")
            expected = following.text if following and following.language == "text" else ""
            assert matches(expected, got), f"{one.text}\nprinted\n{got}"
    assert world.differences() == []


def first_column(column: str) -> set[str]:
    found = [one for one in tables(PAGE) if column in one.rows[0]]
    return {name for one in found for row in one.rows for name in code(row[column])}


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("a statement is", rules.State),
        ("kind", rules.Kind),
        ("decision", rules.Decision),
        ("outcome", rules.Outcome),
    ],
)
def test_the_words_are_these(column: str, words: Any) -> None:
    assert first_column(column) == set(words)


def test_every_key_of_a_format_is_told() -> None:
    with pytest.raises(formats.FormatInvalid) as caught:
        formats.check({"nonsense": 1})
    said = caught.value.fields["/nonsense"]
    assert first_column("key") == set(said.split('"')[1::2])
    told = PAGE[PAGE.index("## The keys of a format") :]
    words = {*formats.ENCODINGS, *formats.COLUMNS, *formats.Shape}
    assert words <= set(code(told.replace("\n", " ")))
    assert set(FORMATS) == {"native", "admitad", "awin", "impact"}


def test_the_limits_are_these() -> None:
    limits = PAGE[PAGE.index("## Limits") :]
    for number in (
        f"{rules.MAX_FILE // 1024**2} MiB",
        f"{cells.MAX_ROWS:,} lines",
        f"{workbooks.MAX_XML // 1024**3} GiB",
        f"{workbooks.MAX_HELD // 1024**2} MiB of texts",
        f"{workbooks.MAX_SHEET_ROWS:,} rows",
        f"{workbooks.MAX_MEMBERS:,} parts",
        f"{parts.MAX_TEXTS:,} of them",
        f"{parts.MAX_STYLES:,} styles",
        f"{schemas.MAX_SAMPLE // 1024} KiB",
        f"{schemas.MAX_SAMPLE_UNPACKED // 1024**2} MiB unpacked",
        f"{workbooks.MAX_COLUMNS} columns",
        f"{parts.MAX_LINE // 1024**2} MiB a line",
        f"{rules.MAX_DAYS} |",
        f"{reading.MAX_ID_BYTES} bytes",
        f"{formats.MAX_FORMAT // 1024} KiB",
    ):
        assert number in limits, number
