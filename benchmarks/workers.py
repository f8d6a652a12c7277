"""Processes of the product, each with an engine of its own, that wait for their cue.

They are started and warmed up before anything is timed, as workers of a deployment are.
"""

import json
import multiprocessing
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

import psutil
from fpdf import FPDF
from sqlalchemy import Engine

from benchmarks.seed import EPOCH
from tracker.certificates.codes import RANDOM_BITS, code_of, grouped
from tracker.certificates.jobs import issue_some
from tracker.certificates.ordering import Wish, order
from tracker.certificates.paper import Paper, certificate_pdf
from tracker.certificates.rules import Limits
from tracker.gateways.billing import HttpBilling
from tracker.kit.crypto import Keyring, key_from
from tracker.kit.database import make_engine, unit_of_work
from tracker.members.rules import Language
from tracker.purchases.service import Programme
from tracker.settlement.jobs import CHUNK, deliver
from tracker.settlement.lists.preparing import prepare_once
from tracker.settlement.ports import (
    Answer,
    BillingGateway,
    Outcome,
    Reach,
    StatementLine,
    Told,
    TopUp,
)
from tracker.settlement.rules import Conduct, first_of
from tracker.settlement.service import approve, start
from tracker.settlement.watch import beat, open_gate, standing_guard
from tracker.staff.rules import Role
from tracker.staff.service import Person
from webhooks.dispatch import Dispatcher

PROGRAMME = Programme(welcome_bonus=20_000)
_ENGINES: list[Engine] = []
_KEYS: list[Keyring] = []
_TIMEOUT = 30.0
CONDUCT = Conduct(rate=1_000_000)
"""Nothing holds a payout back but the work itself."""

_NO_LIMITS = Limits(per_day=10**9, sum_per_day=10**15, review_from=10**15)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Worker:
    """One process that does one thing at a time."""

    pid: int
    executor: ProcessPoolExecutor


@contextmanager
def running(url: str, key: str, count: int) -> Iterator[list[Worker]]:
    """So many workers on a database, with the deployment's TRACKER_SECRET_KEY."""
    spawn = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        workers = []
        for _ in range(count):
            made = ProcessPoolExecutor(1, spawn, initializer=_open, initargs=(url, key))
            executor = stack.enter_context(made)
            workers.append(Worker(executor.submit(os.getpid).result(), executor))
        yield workers


def together(
    workers: Sequence[Worker],
    work: Callable[Concatenate[P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> list[T]:
    """Let all of them do the same at the same time; what each returned."""
    started = [worker.executor.submit(work, *args, **kwargs) for worker in workers]
    return [one.result() for one in started]


def engine_of_worker() -> Engine:
    """The engine of the process that asks, which has to be a worker."""
    return _ENGINES[0]


def drain() -> None:
    """Book all that waits in the inbox."""
    dispatcher = Dispatcher(_ENGINES[0], PROGRAMME)
    while dispatcher.handle_chunk():
        pass


def draw_up(period: str, cap: int) -> float:
    """Prepare, seal, approve and start a month's run; the seconds it took."""
    began = time.perf_counter()
    engine = _ENGINES[0]
    run = prepare_once(
        engine, period, first_of(period), minimum=100, cap=cap, prepared_by="bench-anna"
    )
    with unit_of_work(engine) as session:
        approve(session, period, run.sha256, Person("bench-boris", Role.APPROVER))
        start(session, period)
    _open_the_gate(first_of(period))
    return time.perf_counter() - began


def _open_the_gate(now: datetime) -> None:
    """Let payouts be sent: what it takes to compare the operator's statements is measured apart."""
    with unit_of_work(_ENGINES[0]) as session:
        guard = standing_guard(session)
        if guard is not None:
            open_gate(session, guard, now)


def pay(billing: tuple[str, str] | None) -> None:
    """Deliver until nothing is open; over HTTP to a (URL, token), else to nobody at all."""
    gateway: BillingGateway = HttpBilling(*billing, _TIMEOUT) if billing else InstantBilling()
    while deliver(_ENGINES[0], _KEYS[0], gateway, CONDUCT):
        with unit_of_work(_ENGINES[0]) as session:
            beat(session, EPOCH)


def send_bare(billing: tuple[str, str], name: str, count: int) -> int:
    """Send so many top-ups in batches as ours, and read the answers; returns how many were paid."""
    url, token = billing
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    paid = 0
    for start_at in range(0, count, CHUNK):
        some = range(start_at, min(start_at + CHUNK, count))
        top_ups = [
            {"key": f"{name}:{os.getpid()}:{one}", "phone": f"+7900{one:07d}", "amount": "100.00"}
            for one in some
        ]
        connection.request("POST", "/v1/topups", json.dumps({"topups": top_ups}), headers)
        results = json.loads(connection.getresponse().read())["results"]
        paid += sum(one["status"] == "paid" for one in results)
    connection.close()
    return paid


def order_for(goals: Sequence[tuple[int, int]], amount: int, key: str, now: datetime) -> None:
    """Order a certificate for each of these (member, goal), each in a transaction of its own."""
    for member, goal in goals:
        wish = Wish(amount=amount, order_key=key, goal_id=goal)
        with unit_of_work(_ENGINES[0]) as session:
            order(session, member, wish, _NO_LIMITS, now)


def issue_all(now: datetime) -> None:
    """Issue all that was ordered."""
    while issue_some(_ENGINES[0], now, valid_days=None):
        pass


def print_papers(count: int) -> tuple[float, float]:
    """Make so many papers, each with another code; the milliseconds of one at p50 and p99."""
    return _timed(count, lambda: certificate_pdf(_paper()))


def print_empty(count: int) -> tuple[float, float]:
    """Make as many pages with nothing on them."""
    return _timed(count, lambda: _empty_page().output())


def _paper() -> Paper:
    code = grouped(code_of(secrets.randbits(RANDOM_BITS)))
    return Paper(1_234_567, 150_000, code, Language.RU, EPOCH, EPOCH)


def _empty_page() -> FPDF:
    page = FPDF(format="A4")
    page.add_page()
    return page


def _timed(count: int, make: Callable[[], object]) -> tuple[float, float]:
    took = []
    for _ in range(count):
        began = time.perf_counter()
        make()
        took.append(1000 * (time.perf_counter() - began))
    took.sort()
    return took[len(took) // 2], took[int(len(took) * 0.99)]


def peak_memory() -> float:
    """The most that this process ever held, in megabytes.

    By Linux's own word: getrusage would tell of the process that this one was forked from as well.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return psutil.Process().memory_info().rss / 2**20
    (most,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(most.split()[1]) / 1024


class InstantBilling:
    """An operator that pays at once and at no cost: what is left is our own side."""

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        """Everything is paid."""
        return [Answer(one.key, Outcome.PAID, reference=f"ref-{one.key}") for one in batch]

    def query(self, top_up: TopUp) -> Answer:
        """Never asked: nothing is unknown here."""
        raise AssertionError(f"asked about {top_up.key}")

    def statement(self, day: object) -> Iterator[StatementLine]:
        """Never asked."""
        raise AssertionError(f"asked for the statement of {day}")

    def reach(self, phones: Sequence[str]) -> list[Reach]:
        """Every number is served."""
        return [Reach.SERVED for _ in phones]

    def told(self) -> Iterator[Told]:
        """Nothing."""
        return iter(())

    def ready(self) -> bool:
        """Always."""
        return True


def _open(url: str, key: str) -> None:
    _ENGINES.append(make_engine(url))
    _KEYS.append(Keyring(key_from(key)))
