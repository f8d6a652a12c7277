"""One month under one script: prepared, approved, paid by workers in processes, compared."""

import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from sandbox.billing.truth import still_due
from tests.colleagues import BORIS
from tests.fault_sweep.checks import what_is_wrong
from tests.fault_sweep.place import PERIOD, Place, Template, place_of, tools_of_a_worker
from tests.fault_sweep.scripts import FaultScript
from tracker.gateways.circuit import Circuit
from tracker.kit.database import unit_of_work
from tracker.kit.errors import Conflict, Unavailable
from tracker.reconciliation.watching import compare_day
from tracker.settlement import jobs
from tracker.settlement.lists.drawing import prepare
from tracker.settlement.rules import first_of
from tracker.settlement.service import approve, start
from wiring import billing
from wiring.work import tasks_of, watch_of

Patch = Callable[[], None]

BATCHES = 40
"""Into which a month is divided: many calls, so that faults meet some and not others."""
WORKERS = 3
_PATIENCE = 600
_REST = 1
"""Seconds for which the circuit rests: five days of questions pass in 90 seconds here."""
_PAYDAY = date(2011, 1, 1)


@dataclass(slots=True)
class Report:
    """What came of one script."""

    name: str
    wrong: list[str] = field(default_factory=list)
    payouts: int = 0
    paid: int = 0
    failed: int = 0
    asked: int = 0
    """Payouts that were of unknown outcome for a while."""
    again: int = 0
    """Payouts that were sent more than once."""
    with_staff: int = 0
    findings: int = 0
    starts: int = 0
    """Of the operator's process."""
    met: int = 0
    """Faults that calls and top-ups met."""
    seconds: float = 0.0


def pay_a_month(
    template: Template,
    name: str,
    folder: Path,
    script: FaultScript,
    *,
    redis: int = 0,
    patch: Patch | None = None,
    patience: float = _PATIENCE,
) -> Report:
    """Pay, compare, look; ``patch`` sows a defect in the workers."""
    began = time.monotonic()
    report = Report(script.name)
    with place_of(template, name, folder, script, redis) as place:
        _begin(place)
        with _workers(place, max(2, template.payouts // BATCHES), patch):
            _await(lambda: _is_done(place), patience, report, "the month does not end")
            place.operator.steady()
            _await(
                lambda: not still_due(place.books), patience, report, "something is due for ever"
            )
        _await(lambda: _compared(place), patience, report, "the statement cannot be compared")
        report.wrong += what_is_wrong(place)
        _count(place, report)
    report.seconds = time.monotonic() - began
    return report


def pay_by_number(template: Template, number: int, script: FaultScript) -> Report:
    """Pay the month of one of many scripts, some of which go on at the same time."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        return pay_a_month(
            template, f"faults_{number}", Path(folder), script, redis=1 + number % 15
        )


def _begin(place: Place) -> None:
    engine = place.tools.engine
    with unit_of_work(engine, one_moment=True) as session:
        run = prepare(session, PERIOD, first_of(PERIOD), minimum=100, cap=None, prepared_by="anna")
        sha256 = run.sha256
    with unit_of_work(engine) as session:
        approve(session, PERIOD, sha256, BORIS)
        start(session, PERIOD)


@contextmanager
def _workers(place: Place, chunk: int, patch: Patch | None) -> Iterator[None]:
    """Workers in processes of their own, until the block ends."""
    fork = multiprocessing.get_context("fork")
    workers = [
        fork.Process(target=_work, args=(place.environ, chunk, patch, os.getpid()), daemon=True)
        for _ in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join()


def _work(environ: dict[str, str], chunk: int, patch: Patch | None, owner: int) -> None:
    """What a worker does, over and over; nobody has to nudge it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    vars(jobs)["CHUNK"]  # what is replaced is there
    setattr(jobs, "CHUNK", chunk)  # noqa: B010
    vars(billing)["Circuit"]
    setattr(billing, "Circuit", partial(Circuit, rest=_REST))  # noqa: B010
    if patch:
        patch()
    tasks = tasks_of(tools_of_a_worker(environ))
    while os.getppid() == owner:
        for task in ("settlement", "settlement-watch"):
            try:
                more = tasks[task]()
            except Exception as error:  # noqa: BLE001 (a worker's loop goes on, too)
                print(f"a worker: {error!r}", flush=True)  # noqa: T201
                more = False
            if not more:
                time.sleep(0.02)


def _await(is_so: Callable[[], bool], patience: float, report: Report, otherwise: str) -> None:
    give_up = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > give_up:
            report.wrong.append(otherwise)
            return
        time.sleep(0.05)


def _is_done(place: Place) -> bool:
    row = place.owner.execute(
        "SELECT state FROM settlement_runs WHERE period = %s", [PERIOD]
    ).fetchone()
    return row is not None and row[0] in ("done", "closed")


def _compared(place: Place) -> bool:
    tools = place.later()
    try:
        compare_day(watch_of(tools), _PAYDAY)
    except (Unavailable, Conflict):
        return False
    finally:
        tools.engine.dispose()
    return True


def _count(place: Place, report: Report) -> None:
    row = place.owner.execute(_COUNTS, [PERIOD]).fetchone()
    assert row is not None
    (
        report.payouts, report.paid, report.failed, report.asked, report.again,
        report.with_staff, report.findings,
    ) = row  # fmt: skip
    report.starts = place.operator.starts
    met = place.books / "faults-met"
    report.met = met.stat().st_size if met.exists() else 0


_COUNTS = """
    SELECT count(*), count(*) FILTER (WHERE state = 'paid'),
           count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE asked > 0),
           count(*) FILTER (WHERE sent_again_at IS NOT NULL),
           count(*) FILTER (WHERE state = 'with_staff'),
           (SELECT count(*) FROM settlement_findings WHERE state <> 'explained')
    FROM payouts WHERE period = %s
"""
