"""A month closed in a story, and its documents."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from tests.world import World, day
from tracker.kit.database import snapshot, unit_of_work
from tracker.periods import service
from tracker.periods.books import DOCUMENTS
from tracker.periods.documents import pieces
from tracker.periods.jobs import work
from tracker.periods.models import PeriodCheck
from wiring.closing import checks_of

LATER = day(75)
"""14 February 2011: December and January are over."""


def check(world: World, period: str, now: datetime = LATER) -> PeriodCheck:
    """Have a month checked by a worker."""
    with unit_of_work(world.tools.engine) as session:
        asked = service.ask_for_check(session, period, "anna", now).id
    labour(world)
    with unit_of_work(world.tools.engine) as session:
        return session.get_one(PeriodCheck, asked)


def close(world: World, period: str, now: datetime = LATER) -> None:
    """Check a month, close it by two people, and let a worker seal its documents."""
    check(world, period, now)
    with unit_of_work(world.tools.engine) as session:
        service.ready(session, period, now, timedelta(hours=1))
        service.close(session, period, "anna", "boris")
    labour(world)


def labour(world: World) -> None:
    """Workers do what waits."""
    while work(world.tools.engine, checks_of(world.tools.settings)):
        pass


def documents(world: World, period: str) -> dict[str, bytes]:
    """The documents of a month as they are made now, by their names."""

    def made(session: Session, name: str) -> bytes:
        return b"".join(pieces(DOCUMENTS[name](session, period)))

    with snapshot(world.tools.engine) as session:
        return {name: made(session, name) for name in DOCUMENTS}


def run_closed(world: World, period: str) -> None:
    """A month's run is over: compared with the operator's statements, and nothing differs."""
    world.change(
        "UPDATE settlement_runs SET state = 'closed', done_at = now(), closed_at = now()"
        " WHERE period = :period",
        period=period,
    )
