"""What every command shares: finding its stack, time, figures as a table or JSON, exit codes."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

import click
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import DataError

from tracker.kit.clock import Clock, FixedClock
from tracker.kit.database import AWAY
from tracker.kit.errors import TrackerError
from tracker.kit.fields import FIRST_DAY, LAST_DAY
from tracker.kit.moments import aware
from tracker.kit.money import parse_rubles
from tracker.kit.runtime import Runtime

_PIPE_WIDTH = 10_000
"""In a pipe a row is a line, whatever width a terminal would have."""

_COMMANDING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)

F = TypeVar("F", bound=Callable[..., Any])


class Moment(click.ParamType[datetime]):
    """An instant in ISO 8601 with an offset from UTC, such as 2011-01-01T00:00:00+03:00."""

    name = "ISO8601"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not an ISO 8601 date and time", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} needs an offset from UTC, such as +03:00 or Z", param, ctx)
        if aware(str(value)) is None or not FIRST_DAY <= moment.date() <= LAST_DAY:
            self.fail(f"{value!r} lies outside the years that we count in", param, ctx)
        return moment


class Day(click.ParamType[date]):
    """A business date such as 2011-01-31."""

    name = "DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date such as 2011-01-31", param, ctx)
        if not FIRST_DAY <= day <= LAST_DAY:
            self.fail(f"{value!r} lies outside the years that we count in", param, ctx)
        return day


class Roubles(click.ParamType[int]):
    """A sum in roubles; kopecks inside. Below zero only where it is ``signed``."""

    name = "ROUBLES"

    def __init__(self, *, signed: bool = False) -> None:
        self._signed = signed

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        told = str(value)
        takes_away = self._signed and told.startswith("-")
        try:
            kopecks = parse_rubles(told.removeprefix("-") if takes_away else told)
        except ValueError:
            self.fail(f"{value!r} is not a sum such as 1530.00", param, ctx)
        return -kopecks if takes_away else kopecks


class Span(click.ParamType[timedelta]):
    """A length of time such as 90s, 30m, 24h or 7d."""

    name = "SPAN"
    _units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}  # noqa: RUF012

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"(\d{1,6})([smhd])", str(value), re.ASCII)
        if match is None:
            self.fail(f"{value!r} is not a span such as 30m, 24h or 7d", param, ctx)
        return timedelta(**{self._units[match[2]]: int(match[1])})


as_of_option = click.option(
    "--as-of", type=Moment(), help="The moment to act at, with its offset [default: now]."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print figures as JSON.")


def word_of(words: Iterable[StrEnum]) -> click.Choice[str]:
    """A choice among the words themselves: given an enum, click would take its members' names."""
    return click.Choice([str(word) for word in words])


def runtime_of(ctx: click.Context) -> Runtime:
    """The tools of this process, opened when the first command asks for them.

    `tracker --help` and wrong usage must not need a database.
    """
    opened: Runtime = ctx.obj()
    return opened


def moment_of(as_of: datetime | None, clock: Clock) -> datetime:
    """The one place where a command looks at a clock."""
    return (FixedClock(as_of) if as_of else clock).now()


def show(figures: Mapping[str, Any], *, as_json: bool, title: str = "") -> None:
    """Named figures, one a line."""
    if as_json:
        print_json(figures)
        return
    table = Table(title=title or None, show_header=False, box=None, pad_edge=False)
    table.add_column(style="cyan")
    table.add_column()
    for name, value in figures.items():
        table.add_row(Text(name.replace("_", " ")), _cell(value, absent="none"))
    _console().print(table)


def show_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """A table of rows that share their columns; ``empty`` is said when there are none."""
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo(empty)
        return
    table = Table(box=None, pad_edge=False)
    for column in rows[0]:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value, absent="") for value in row.values()))
    _console().print(table)


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    click.echo(_as_json(value))


def text_of(value: Any) -> str:
    """A value as people and scripts read it: moments in ISO 8601, what has parts as JSON."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (Mapping, list, tuple)):
        return _as_json(value)
    return _plain(value)


def _as_json(value: Any) -> str:
    return harmless(json.dumps(value, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _cell(value: Any, *, absent: str) -> Text:
    # As text and not as markup: some of it was written by others.
    return Text(absent if value is None else harmless(text_of(value)))


def harmless(text: str) -> str:
    """Without what a terminal obeys or shows in another order: control and direction marks."""
    return _COMMANDING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _console() -> Console:
    console = Console()
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    return console


def run(command: click.Command) -> None:
    """Run the console script: exit 2 for bad usage, 1 for a task that failed, with a clear word."""
    try:
        # What `ctx.exit(1)` asks for comes back as a value here.
        if code := command.main(standalone_mode=False):
            sys.exit(code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except TrackerError as error:
        _fail(error.code, error.detail, error.fields)
    except DataError as error:
        _fail("invalid", _first_line(error))
    except UnicodeEncodeError:
        _fail("invalid", "what was given is not all text: bytes of it are no UTF-8")
    except AWAY as error:
        _fail("database_unavailable", _first_line(error))
    except RedisError as error:
        _fail("redis_unavailable", _first_line(error))


def _fail(code: str, detail: str, fields: Mapping[str, str] | None = None) -> NoReturn:
    click.echo(f"{code}: {detail}", err=True)
    for field, fault in (fields or {}).items():
        click.echo(f"  {field}: {fault}", err=True)
    sys.exit(1)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
