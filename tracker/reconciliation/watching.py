"""Fetching and comparing one day, in units of work with no transaction open during a call."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from sqlalchemy import Engine

from tracker.kit.clock import Clock, moscow_date
from tracker.kit.crypto import Keyring
from tracker.kit.database import unit_of_work
from tracker.kit.failpoints import around
from tracker.kit.logs import log
from tracker.reconciliation.comparing import compare, open_unsettled
from tracker.reconciliation.fetching import begin, drop, finish, keep
from tracker.reconciliation.models import OperatorStatement
from tracker.reconciliation.queries import compared_statement, fetched_statement, proved_unpaid
from tracker.reconciliation.rules import DayNotBegun, StatementBusy, StatementState, is_over
from tracker.reconciliation.service import close_explained
from tracker.reconciliation.settling import (
    LINES,
    hold_doubtful,
    match_by_number,
    remember_adopted,
    settle_shown,
)
from tracker.settlement.ports import BillingGateway, GatewayUnavailable, StatementLine
from tracker.settlement.rules import Conduct
from tracker.settlement.service import finish_ended
from tracker.settlement.watch import Guard

PAGE = 5_000
"""Lines that are kept in one unit of work."""

_LOG = log("reconciliation")


@dataclass(frozen=True, slots=True)
class Watch:
    """From where the operator's books are watched."""

    engine: Engine
    keys: Keyring
    gateway: BillingGateway
    clock: Clock
    conduct: Conduct


def compare_day(watch: Watch, day: date, *, guard: Guard | None = None) -> OperatorStatement:
    """Fetch a day's statement and compare it; what it shows is settled first.

    Raises DayNotBegun, StatementBusy when another worker fetches it, and GatewayUnavailable.
    """
    if day > moscow_date(watch.clock.now()):
        raise DayNotBegun(f"{day} has not begun")
    with unit_of_work(watch.engine) as session:
        statement = fetched_statement(session, day, guard.raised_at if guard else None)
    if statement is None:
        statement = _fetch(watch, day)
    with unit_of_work(watch.engine, "reconciliation.adopt") as session:
        remember_adopted(session, statement)
    _settle(watch, statement)
    if guard is not None:
        with unit_of_work(watch.engine, "reconciliation.match") as session:
            matched = match_by_number(session, statement)
        if matched:
            _settle(watch, statement)
        with unit_of_work(watch.engine, "reconciliation.hold") as session:
            hold_doubtful(session, statement)
    return _compare(watch, statement)


def _fetch(watch: Watch, day: date) -> int:
    """All lines of a day's statement, kept; only when the operator has come to the end of them."""
    with unit_of_work(watch.engine, "reconciliation.begin") as session:
        statement = begin(session, day, whole=is_over(day, watch.clock.now()))
    if statement is None:
        raise StatementBusy(f"the statement of {day} is being fetched")
    try:
        count = total = 0
        pages = _pages(watch.gateway.statement(day))
        for page in pages:
            with unit_of_work(watch.engine, "reconciliation.keep") as session:
                keep(session, watch.keys, statement, count, page)
            count, total = count + len(page), total + sum(line.amount for line in page)
        with unit_of_work(watch.engine, "reconciliation.finish") as session:
            finish(session, statement, lines=count, total=total)
    except GatewayUnavailable:
        with unit_of_work(watch.engine, "reconciliation.drop") as session:
            drop(session, statement)
        raise
    return statement


def _pages(lines: Iterator[StatementLine]) -> Iterator[list[StatementLine]]:
    while True:
        with around("reconciliation.statement"):
            page = list(islice(lines, PAGE))
        if not page:
            return
        yield page


def _settle(watch: Watch, statement: int) -> None:
    with unit_of_work(watch.engine) as session:
        found = session.get_one(OperatorStatement, statement)
        lines = found.lines
    settled = 0
    for after in range(0, lines, LINES):
        with unit_of_work(watch.engine, "reconciliation.settle") as session:
            settled += settle_shown(session, statement, after)
    if settled:
        _LOG.info("settled_by_statement", day=found.day.isoformat(), payouts=settled)


def _compare(watch: Watch, statement: int) -> OperatorStatement:
    with unit_of_work(watch.engine, "reconciliation.compare") as session:
        found = session.get_one(OperatorStatement, statement, with_for_update=True)
        if found.state != StatementState.FETCHED:
            # Somebody else has compared it, or one that was fetched later.
            return compared_statement(session, found.day) or found
        compare(session, found)
        open_unsettled(session, proved_unpaid(session, watch.clock, watch.conduct.lag))
        finish_ended(session)
        closed = close_explained(session)
        session.refresh(found)
    _LOG.info("day_compared", day=found.day.isoformat(), lines=found.lines, whole=found.whole)
    for period in closed:
        _LOG.info("run_closed", period=period)
    return found
