"""Preparing a month once, whoever asks for it and however many at a time."""

from datetime import datetime

from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from tracker.kit.database import constraint_name, try_lock, unit_of_work
from tracker.settlement.lists.drawing import prepare
from tracker.settlement.models import SettlementRun
from tracker.settlement.rules import SYSTEM

_TRIES = 5


def prepare_once(
    engine: Engine,
    period: str,
    as_of: datetime,
    *,
    minimum: int,
    cap: int | None,
    prepared_by: str = SYSTEM,
) -> SettlementRun:
    """`lists.prepare` in one moment: of those who do it at once, one draws up the list and the
    others wait for it and get the same. Raises what that does.
    """
    for tried in range(_TRIES):
        try:
            with unit_of_work(engine, "settlement.prepare", one_moment=True) as session:
                if try_lock(session, _LOCK):
                    return prepare(
                        session, period, as_of, minimum=minimum, cap=cap, prepared_by=prepared_by
                    )
        except (IntegrityError, OperationalError) as error:
            # Whoever saw the moment before another's COMMIT stumbles over that one's lines.
            if tried == _TRIES - 1 or not _another_was_first(error):
                raise
        # Looked for under the lock that was waited for: to try for it anew would be to try against
        # all the others who waited.
        with unit_of_work(engine) as session:
            session.execute(_WAIT, {"name": _LOCK})
            drawn_up = session.get(SettlementRun, period)
            if drawn_up is not None:
                return drawn_up
    raise AssertionError("a list that others prepared was never seen")


def _another_was_first(error: IntegrityError | OperationalError) -> bool:
    if isinstance(error, IntegrityError):
        return (constraint_name(error) or "") in _ONCE
    return getattr(error.orig, "sqlstate", None) == _SERIALIZATION


_LOCK = "settlement"
_ONCE = frozenset(
    {
        "pk_settlement_runs",
        "pk_sealed_chunks",
        "uq_payouts_member_id_period_number_id",
        "payouts_sealed",
    }
)
_SERIALIZATION = "40001"

_WAIT = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
