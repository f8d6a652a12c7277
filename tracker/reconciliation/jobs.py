"""The watch over money at the operator: statements are compared, the gate is opened, what the
operator tells by itself is taken in. Each call does a bounded piece."""

from datetime import date

from tracker.kit.clock import moscow_date
from tracker.kit.database import unit_of_work
from tracker.kit.failpoints import around
from tracker.kit.logs import log
from tracker.reconciliation.fetching import forget_dropped
from tracker.reconciliation.queries import (
    blocking_findings,
    next_day_guarded,
    next_day_to_compare,
)
from tracker.reconciliation.rules import StatementBusy
from tracker.reconciliation.told import take_answers
from tracker.reconciliation.watching import Watch, compare_day
from tracker.settlement.ports import GatewayUnavailable, StatementNotYet
from tracker.settlement.watch import (
    Guard,
    beat,
    guard_if_strange,
    hold_up,
    open_gate,
    standing_guard,
)

_LOG = log("reconciliation")


def see_to_the_gate(watch: Watch) -> bool:
    """Guard what looks strange, compare the next day that a guard waits for, open the gate when
    nothing is left to compare or explain; True when there is more to do at once."""
    with unit_of_work(watch.engine, "reconciliation.guard") as session:
        guard = guard_if_strange(session)
        if guard is None:
            beat(session, watch.clock.now())
            return False
        day = next_day_guarded(session, guard, watch.clock.now())
    if day is None:
        return _open(watch, guard)
    try:
        return _compared(watch, day, guard)
    except StatementNotYet as error:
        # At a usual start there is nothing strange about today: all before it was compared.
        if guard.is_usual and day == moscow_date(watch.clock.now()):
            return _open(watch, guard)
        _tell_unavailable(watch, day, error)
        return False


def keep_watch(watch: Watch) -> bool:
    """See to the gate, then compare the next day that is over; True when there may be more."""
    if see_to_the_gate(watch):
        return True
    _take_told(watch)
    with unit_of_work(watch.engine) as session:
        day = next_day_to_compare(session, watch.clock)
        more = forget_dropped(session)
    if day is None:
        return more
    try:
        return _compared(watch, day)
    except StatementNotYet:
        return False


def _compared(watch: Watch, day: date, guard: Guard | None = None) -> bool:
    """Whether a day could be compared now. Raises StatementNotYet."""
    try:
        compare_day(watch, day, guard=guard)
    except StatementBusy:
        return False
    except StatementNotYet:
        raise
    except GatewayUnavailable as error:
        _tell_unavailable(watch, day, error)
        return False
    return True


def _tell_unavailable(watch: Watch, day: date, error: GatewayUnavailable) -> None:
    _LOG.warning("statement_unavailable", day=day.isoformat(), error=error.detail)
    with unit_of_work(watch.engine) as session:
        hold_up(session, f"the statement of {day} cannot be had: {error.detail}")


def _take_told(watch: Watch) -> None:
    """What the operator has told by itself; it forgets it only when it is written down."""
    try:
        for told in watch.gateway.told():
            with unit_of_work(watch.engine, "reconciliation.told") as session:
                moved = take_answers(session, told.answers, told.amounts, watch.conduct)
            with around("reconciliation.taken"):
                told.taken()
            _LOG.info("answers_taken", answers=len(told.answers), payouts=moved)
    except GatewayUnavailable as error:
        _LOG.warning("told_unavailable", error=error.detail)


def _open(watch: Watch, guard: Guard) -> bool:
    """Open the gate, unless something is to be explained first."""
    with unit_of_work(watch.engine, "reconciliation.open") as session:
        standing = standing_guard(session)
        blocking = blocking_findings(session)
        if blocking:
            hold_up(session, f"{blocking} findings are to be explained")
        opened = not blocking and standing == guard and open_gate(session, guard, watch.clock.now())
    if opened:
        _LOG.info("gate_opened", reason=guard.reason)
    elif blocking:
        _LOG.warning("gate_kept_shut", reason=guard.reason, findings=blocking)
    return False
