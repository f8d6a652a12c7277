"""Asking for reports in tests: by HTTP as somebody of the staff, and by the engine itself."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from werkzeug.test import TestResponse

from tests.world import World, day
from tracker.kit.database import snapshot, unit_of_work
from tracker.reports.contracts import Asked
from tracker.reports.exporting import WRITERS, Desk
from tracker.reports.jobs import work
from tracker.reports.reading import Reading
from tracker.reports.rules import Format
from tracker.staff.rules import Role
from tracker.staff.service import hire
from wiring.reports import REPORTS, SHOPS

BASE = "/admin/api/v1/reports"


class Auditor:
    """Somebody of the staff."""

    def __init__(self, world: World, login: str = "vera", role: Role = Role.OPERATOR) -> None:
        self._world = world
        with unit_of_work(world.tools.engine) as session:
            token = hire(session, world.tools.settings.keys, login, role)
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: Any) -> TestResponse:
        """A report, or an export by its path."""
        return self._world.client().get(BASE + path, query_string=query, headers=self._headers)

    def post(self, path: str, **body: Any) -> TestResponse:
        """A wish."""
        return self._world.client().post(BASE + path, json=body, headers=self._headers)

    def file(self, name: str, **body: Any) -> bytes:
        """An export from the wish to its bytes."""
        asked = self.post(f"/{name}/exports", **body)
        assert asked.status_code == 202, asked.get_json()
        writes(self._world)
        fetched = self.get(f"/exports/{asked.get_json()['id']}/file")
        assert fetched.status_code == 200, fetched.get_json()
        return bytes(fetched.data)


def desk(world: World, kept_for: timedelta = timedelta(hours=1)) -> Desk:
    """What a worker writes exports with."""
    return Desk(world.tools.engine, REPORTS, SHOPS, kept_for)


def writes(world: World) -> None:
    """A worker writes all that waits."""
    while work(desk(world)):
        pass


class Memory:
    """A sink that keeps all it takes."""

    def __init__(self) -> None:
        self.file = io.BytesIO()
        self.lines = 0

    def take(self, data: bytes, lines: int = 0) -> None:
        self.file.write(data)
        self.lines += lines


@contextmanager
def reading(world: World, name: str, **asked: Any) -> Iterator[Reading]:
    """A report in a session of its own."""
    told = Asked(**{"as_of": day(99), **asked})
    with snapshot(world.tools.engine) as session:
        yield Reading.begin(session, REPORTS[name], told, SHOPS.slugs(session))


def lines(world: World, name: str, **asked: Any) -> list[dict[str, Any]]:
    """A report's lines, by the names of the columns."""
    with reading(world, name, **asked) as found:
        names = [column.name for column in found.report.columns]
        return [dict(zip(names, row, strict=True)) for row in found.rows()]


def totals(world: World, name: str, **asked: Any) -> Mapping[str, int]:
    """What a report's columns come to."""
    with reading(world, name, **asked) as found:
        assert list(found.rows()) is not None
        return dict(found.totals or {})


def written(world: World, name: str, form: Format, **asked: Any) -> bytes:
    """A report as a file."""
    sink = Memory()
    with reading(world, name, **asked) as found:
        WRITERS[form](found, sink)
    return sink.file.getvalue()
