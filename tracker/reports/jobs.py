"""The workers' part: files that somebody waits for are written, old ones are taken away."""

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from tracker.kit.database import AWAY, unit_of_work
from tracker.kit.errors import TrackerError
from tracker.kit.logs import log
from tracker.reports.exporting import Desk, export
from tracker.reports.service import ExportLost, claim, fail, forget

_LOG = log("reports")


def work(desk: Desk) -> bool:
    """Write the next file; True when there may be more."""
    with unit_of_work(desk.engine, "reports.claim") as session:
        held = claim(session)
    if held is None:
        with unit_of_work(desk.engine, "reports.forget") as session:
            forget(session)
        return False
    try:
        export(desk, held)
    except ExportLost:
        _LOG.warning("late_export_fenced_off", export=held.id, fence=held.fence)
    except (*AWAY, psycopg.OperationalError, psycopg.InterfaceError):
        raise  # its lease will end, and another worker begins anew
    except (SQLAlchemyError, psycopg.Error, TrackerError) as error:
        _LOG.error("export_failed", export=held.id, report=held.report, error=str(error))
        with unit_of_work(desk.engine) as session:
            fail(session, held, "it cannot be read; the log of the workers says why")
    return True
