"""Whatever is typed, a command ends with a clear word, and no kopeck goes astray."""

import random
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sqlalchemy.exc import DataError

from tests.world import World, created, day
from tests.wsgi.test_commands import ROOT, below, command_at
from tracker.kit.database import unit_of_work
from tracker.kit.errors import TrackerError
from tracker.staff.rules import Role
from tracker.staff.service import hire

ELSEWHERE = {"serve", "up", "worker", "scheduler", "replay", "keys", "sandbox"}
"""They start processes, or wait for them; their words are tested where they are."""

WAITS = {("shops", "conformance")}

TOLD = (TrackerError, DataError, UnicodeEncodeError, SystemExit, click.ClickException)
"""What `tracker.kit.cli.run` makes a clear word of."""

NASTY = (
    *("", "\x00", "a\x00b", "\udcff", "9" * 30, "9" * 4000, "-1", "0", "1", "2", "1e5", "NaN"),
    *("٣", "²", "0x10", "2011-01", "2011-13", "0000-01", "2011-02-30", "2010-12-31", "0001-01-01"),
    *("9999-12-31", "2011-01-01T00:00:00+03:00", "9999-12-31T23:59:59-14:00"),
    *("0001-01-01T00:00:00+14:00", "2011-01-01T00:00:00+23:59:59.999999", "shop", "olga"),
    *("'; --", "../../etc", "💣", "a" * 5000, "+79000000001", "100.00", "-100.00", "1.005"),
    *("999999999999999.99", "\n=1", "all"),
)

FILES = (
    *(b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"slug,name\n", b"a;b\n1;2\n", b"x" * 100_000),
    *(b'"', b'"a\nb', b"PK\x03\x04", b"{}", b"[]", b"null", b"[[[["),
    b"date,amount,shop,reference\n9999-99-99,1e99,shop,x\n",
    b"phone,joined_at\n+79000000001,0001-01-01T00:00:00+14:00\n",
)


def ways() -> Iterator[tuple[str, ...]]:
    for way in below(ROOT):
        is_one = way and not isinstance(command_at(way), click.Group)
        if is_one and way[0] not in ELSEWHERE and way not in WAITS:
            yield way


class Typist:
    """Types anything, but often what is nearly right."""

    def __init__(self, chance: random.Random, tokens: list[str], folder: Path) -> None:
        self._chance = chance
        self._tokens = tokens
        self._files = []
        for number, content in enumerate(FILES):
            for ending in ("csv", "xlsx", "json"):
                file = folder / f"{number}.{ending}"
                file.write_bytes(content)
                self._files.append(str(file))

    def types(self, command: click.Command) -> list[str]:
        typed: list[str] = []
        for one in command.params:
            if isinstance(one, click.Option):
                typed += self._option(one)
            else:
                typed += [self._value(one) for _ in range(1 if one.nargs == 1 else 2)]
        return typed

    def _option(self, one: click.Option) -> list[str]:
        if one.name in ("help", "watch") or not (one.required or self._chance.random() < 0.4):
            return []
        name = one.opts[-1]
        return [name] if one.is_flag else [name, *(self._value(one) for _ in range(one.nargs))]

    def _value(self, one: click.Parameter) -> str:
        pick, kind = self._chance.choice, one.type
        if isinstance(kind, click.Choice):
            return str(pick(list(kind.choices)))
        if isinstance(kind, click.Path | click.File):
            return pick(self._files)
        likely = {"token": self._tokens, "slug": ["shop"], "shop": ["shop"]}.get(str(one.name))
        if likely is None and isinstance(kind, click.types.IntParamType):
            likely = ["1", "2"]
        return pick(likely if likely and self._chance.random() < 0.7 else NASTY)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_typed(world: World, tmp_path: Path, seed: int) -> None:
    shop, member = world.shop(), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 100, at=day(1)))
    people = {"olga": Role.OPERATOR, "anna": Role.APPROVER, "vera": Role.ADMIN}
    with unit_of_work(world.tools.engine) as session:
        keys = world.tools.settings.keys
        tokens = [hire(session, keys, login, role) for login, role in people.items()]
    typist = Typist(random.Random(seed), tokens, tmp_path)
    commands = [*ways()] * 5
    assert len(commands) > 500
    for way in commands:
        command = command_at(way)
        typed = typist.types(command)
        ran = CliRunner().invoke(command, typed, obj=lambda: world.tools)
        assert ran.exception is None or isinstance(ran.exception, TOLD), (way, typed)
    assert world.differences() == []
