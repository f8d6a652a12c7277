"""docs/own-format.md is true: its commands are run, its tables hold against the code."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from partners.intake.contracts import NoticeKind
from sandbox.servers import EmbeddedServers
from tests.docs.pages import Block, blocks, code, matches, page, table, tables
from tests.docs.served import Served, serving
from tests.world import World
from tracker.kit.formats import moments, numbers, sections
from tracker.kit.formats.moments import MomentFormat
from tracker.kit.formats.numbers import NumberFormat, Unit
from tracker.kit.settings import Settings, load_settings
from tracker.kit.strict_json import decode
from tracker.purchases.contracts import RejectReason
from webhooks.adapters.mapped import from_mapping
from webhooks.mapping import pointer, schema
from webhooks.wire.dialect import MAX_BODY
from webhooks.wire.reading import MAX_ITEMS

PAGE = page("own-format.md")
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


def test_a_reader_who_follows_the_page_sees_what_it_shows(
    served: Served, world: World, tmp_path: Path
) -> None:
    shown = [one for one in blocks(PAGE) if one.language in ("sh", "text")]
    commands = [one.text.replace(URL_SHOWN, served.stack.url) for one in shown if is_run(one)]
    outputs = iter(served.bash(commands, tmp_path))
    for one, following in zip(shown, [*shown[1:], None], strict=True):
        if is_run(one):
            got = next(outputs)
            expected = following.text if following and not is_run(following) else ""
            assert matches(expected, got), f"{one.text}\nprinted\n{got}"
    world.work()
    assert world.differences() == []


def is_run(block: Block) -> bool:
    return block.language == "sh"


def mapping() -> Any:
    """The first mapping on the page."""
    shown = next(one.text for one in blocks(PAGE) if "cat > mapping.json" in one.text)
    return json.loads(shown.split("<<'JSON'\n")[1].split("\nJSON")[0])


def known_keys(*path: str) -> set[str]:
    """What the code knows in one place, as it tells whoever writes something else there."""
    faulty = mapping()
    inner = faulty
    for name in path:
        inner = inner[name]
    inner["nonsense"] = 1
    with pytest.raises(schema.MappingInvalid) as caught:
        from_mapping(faulty)
    (said,) = [why for key, why in caught.value.fields.items() if key.endswith("/nonsense")]
    return set(re.findall(r'"(\w+)"', said))


def first_column(heading: str, column: str) -> set[str]:
    found = [one for one in tables(PAGE) if one.heading == heading and column in one.rows[0]]
    return {name for one in found for row in one.rows for name in code(row[column])}


def cell(heading: str, name: str) -> str:
    """What a table says of a key."""
    rows = [row for one in tables(PAGE) if one.heading == heading for row in one.rows]
    return next(row["is"] for row in rows if name in row.values())


def test_every_key_of_the_code_is_told_and_no_other() -> None:
    assert first_column("The top", "key") == known_keys()
    assert first_column("Words", "key in `kind`") == known_keys("kind")
    assert first_column("Lines", "key in `lines`") == known_keys("lines")
    assert first_column("Numbers", "key in `numbers`") == known_keys("numbers")
    assert first_column("Dates", "key in `dates`") == known_keys("dates")
    fields = first_column("Fields", "key")
    assert fields < known_keys()
    assert {one.strip('"') for one in code(cell("Fields", "`reasons`"))} == set(RejectReason)


def test_the_words_are_those_of_the_code() -> None:
    told = {one.strip('"') for one in first_column("Words", "a word may tell")}
    assert told == {*map(str, NoticeKind), schema.IGNORED}
    dates = set(code(cell("Dates", "`format`"))) | set(
        code(PAGE[PAGE.index("A pattern is made") :])
    )
    assert dates >= {f'"{one}"' for one in moments.NAMED}
    assert dates >= {f"%{one}" for one in moments.DIRECTIVES} | {moments.MARKS}
    gaps = cell("Numbers", "`thousands`")
    listed = {json.loads(one) for one in code(gaps)}
    assert listed == set(numbers.THOUSANDS)


def test_numbers_are_right_and_wrong_as_the_table_says() -> None:
    for row in examples("Numbers"):
        (text,) = code(row["`numbers`"])
        told = json.loads(text)
        format_ = NumberFormat(
            **{**told, "unit": Unit(told["unit"]), "thousands": tuple(told.get("thousands", ()))}
        )
        for verdict in ("right", "wrong"):
            for value in code(row[verdict]):
                assert is_taken(format_.kopecks, value) == (verdict == "right"), (text, value)


def test_dates_are_right_and_wrong_as_the_table_says() -> None:
    (shown,) = [
        one for one in tables(PAGE) if "dates" in str(one.rows[0].keys()) and "right" in one.rows[0]
    ]
    for row in shown.rows:
        (text,) = code(row["`dates`"])
        told = json.loads(text)
        format_ = MomentFormat(told.get("format", moments.ISO8601), told.get("zone"))
        for verdict in ("right", "wrong"):
            for value in code(row[verdict]):
                assert is_taken(format_.read, value) == (verdict == "right"), (text, value)


def examples(heading: str) -> Iterator[dict[str, str]]:
    """The rows of the table of what is right and what is wrong."""
    (shown,) = [one for one in tables(PAGE) if one.heading == heading and "right" in one.rows[0]]
    yield from shown.rows


def is_taken(read: Any, shown: str) -> bool:
    """Whether a value is read, as strict JSON gives it."""
    try:
        read(decode(shown.encode()))
    except ValueError:
        return False
    return True


def test_the_limits_are_those_of_the_code() -> None:
    limits = {row["0"]: row["1"] for row in table(PAGE, "Limits").rows}
    assert limits["mapping"] == f"{schema.MAX_MAPPING // 1024} KiB"
    words = f"1 to {sections.MAX_WORDS} each, of up to {sections.MAX_WORD} characters"
    assert limits["words of `kind`, `currencies`, `reasons`"] == words
    assert limits["pointer"] == f"up to {pointer.MAX_TEXT} characters and {pointer.MAX_PARTS} names"
    assert limits["body, events"].startswith(f"{MAX_BODY // 1024} KiB")
    assert limits["`lines` of an order"] == f"1 to {MAX_ITEMS:,}"
