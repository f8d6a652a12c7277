"""What people and workers do with one month, from wherever it stands, until it is closed.

Every life begins anew by looking: so does whoever comes after one that was cut off.
"""

import json
import os
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import StringIO
from random import Random

import click
import psycopg
from redis import Redis

from sandbox.billing.topups import Payment
from sandbox.billing.truth import payments
from tests.crash.operators import Submit, deafening, losing, told_by_file, told_of
from tests.crash.place import TOKEN, Place
from tracker.gateways.billing import HttpBilling
from tracker.kit.clock import FixedClock
from tracker.kit.errors import Conflict, Unavailable
from tracker.kit.runtime import Runtime
from tracker.settlement.rules import STANDS_STILL, first_of
from wiring.commands import COMMANDS
from wiring.work import tasks_of

SETTLEMENT = next(
    one for one in COMMANDS if isinstance(one, click.Group) and one.name == "settlement"
)

ROUNDS = 40
"""Looks at a month before it is given up as stuck."""


class Stuck(Exception):
    """The month does not come to its end."""


@dataclass(frozen=True, slots=True)
class Weather:
    """How one month's processes are set up."""

    name: str
    settings: dict[str, str]
    paused: bool = False
    """Whether somebody pauses the run and resumes it, and closes it by hand."""
    calls_back: bool = False
    """Whether the operator tells at our door what it has paid."""
    tampers: bool = False
    """Whether somebody with all rights changes a line of the list that was sealed."""
    loses: bool = False
    """Whether every other batch is lost on its way."""
    deafens: bool = False
    """Whether every other answer to a batch is lost on its way back."""
    tells: bool = False
    """Whether it tells by itself in its own files, as one that takes registries does."""


FAIR = Weather("fair", {})
PAUSED = Weather("paused", {}, paused=True)
CALLING = Weather("calling", {"BILLING_LAG": "3"}, calls_back=True, deafens=True)
TELLING = Weather("telling", {"BILLING_LAG": "3", "SETTLEMENT_AUTO_TOTAL": "100000000"}, tells=True)
LOSING = Weather("losing", {}, loses=True)
TAMPERED = Weather("tampered", {}, tampers=True)
WORN = Weather("worn", {"BILLING_KEY_MEMORY": "300", "BILLING_ASK_AFTER": "3s"})
"""The operator's memory for keys is over at once, and so is the asking."""

WEATHERS = (FAIR, PAUSED, CALLING, TELLING, LOSING, TAMPERED, WORN)

HOMES = {
    "settlement.pause:": PAUSED,
    "settlement.resume:": PAUSED,
    "settlement.approve_itself:": TELLING,
    "settlement.pause_changed:": TAMPERED,
    "settlement.query:": LOSING,
    "settlement.claim_again:": LOSING,
    "settlement.submit_again:": LOSING,
    "reconciliation.callback:": CALLING,
    "reconciliation.told:": TELLING,
    "reconciliation.taken:": TELLING,
    "reconciliation.close:": PAUSED,
    "reconciliation.resolve:": WORN,
}
"""In which weather a step is come to, where not in all."""


def live(place: Place, period: str, weather: Weather, *, asleep: bool = False) -> None:
    """Do what the month needs until it is closed. Raises Stuck.

    ``asleep``: others stand still, and may wake. So little time passes then that some payouts may
    have to wait, and the month's end with them, for whoever comes when all are awake.
    """
    tools = place.tools(**weather.settings)
    if weather.tells:
        vars(HttpBilling)["told"]  # what is replaced is there
        setattr(HttpBilling, "told", lambda _: told_by_file(place))  # noqa: B010
    if weather.loses:
        _disturb(losing, period)
    if weather.deafens:
        _disturb(deafening, period)
    with psycopg.connect(place.environ["SUPERUSER_URL"], autocommit=True) as owner:
        life = _Life(place, tools, period, weather, owner)
        for look in range(ROUNDS):
            life.passes = 4 if asleep or look < ROUNDS // 2 else STANDS_STILL
            if life.do_next():
                return
        if asleep:
            return
        raise Stuck(f"{period} is {life.state()} after {ROUNDS} looks")


def _disturb(how: Callable[[Submit, Random], Submit], period: str) -> None:
    disturbed = how(HttpBilling.submit, Random(f"{period} {os.getpid()}"))
    setattr(HttpBilling, "submit", disturbed)  # noqa: B010


@dataclass(slots=True)
class _Life:
    place: Place
    tools: Runtime
    period: str
    weather: Weather
    owner: psycopg.Connection
    passes: int = 4
    """Seconds between two looks at what waits."""

    def state(self) -> str | None:
        row = self.owner.execute(
            "SELECT state FROM settlement_runs WHERE period = %s", [self.period]
        ).fetchone()
        return str(row[0]) if row else None

    def do_next(self) -> bool:
        """One step; True when the month is closed."""
        state = self.state()
        if state == "closed":
            if self.weather.paused:
                self._close()
            return True
        steps: dict[str | None, Callable[[], None]] = {
            None: self._prepare,
            "prepared": self._approve,
            "approved": self._start,
            "paused": self._resume,
            "running": self._work,
            "done": self._compare,
        }
        steps[state]()
        return False

    def _prepare(self) -> None:
        moment = first_of(self.period)
        if self.weather.paused:
            operator = self.place.template.operator
            self._command("prepare", "--as-of", moment.isoformat(), token=operator)
        else:  # the calendar does, on the 1st
            then = replace(self.tools.settings, clock=FixedClock(moment))
            tasks_of(replace(self.tools, settings=then))["settlement-prepare"]()

    def _approve(self) -> None:
        seal = json.loads(self._command("show"))["sha256"]
        self._command("approve", "--sha256", seal, token=self.place.template.approver)

    def _start(self) -> None:
        self._command("run", token=self.place.template.operator)
        if self.weather.tampers:
            self._tamper(_CHANGE_A_LINE)
        if self.weather.paused:
            self._pause()

    def _tamper(self, change: bytes) -> None:
        """As nobody can who has no more rights than the product."""
        self.owner.execute("SET session_replication_role = replica")
        self.owner.execute(change, {"period": self.period, "more": _TOO_MUCH})
        self.owner.execute("SET session_replication_role = DEFAULT")

    def _pause(self) -> None:
        if "pause" in SETTLEMENT.commands:
            self._command("pause", "--reason", "a look", token=self.place.template.operator)

    def _resume(self) -> None:
        self._tamper(_CHANGE_IT_BACK)
        self._command("resume", token=self.place.template.operator)

    def _work(self) -> None:
        """A worker does what it would be nudged to, and time passes for what waits."""
        if self.weather.calls_back:
            self._call_back()
        tasks = tasks_of(self.tools)
        for task in ("settlement", "settlement-watch"):
            for _ in range(ROUNDS):
                if not tasks[task]():
                    break
        if self.state() == "running":
            self.owner.execute(_PASS, {"seconds": self.passes, "period": self.period})
            with Redis.from_url(self.place.environ["REDIS_URL"]) as redis:
                redis.flushdb()  # the rest that an operator in trouble is given is over

    def _call_back(self) -> None:
        """The operator tells at our door what it has paid."""
        results = [told_of(one) for one in self._open_and_paid()]
        if results:
            client = self.place.door().test_client()
            answer = client.post(
                "/billing/callbacks",
                json={"results": results},
                headers={"Authorization": f"Bearer {TOKEN}"},
            )
            # 503: its connection was taken away meanwhile; the operator would call again.
            assert answer.status_code in (204, 503), answer.get_data(as_text=True)

    def _open_and_paid(self) -> list[Payment]:
        waiting = self.owner.execute(_OPEN, [self.period]).fetchall()
        keys = {f"payout:{row[0]}" for row in waiting}
        return [one for one in payments(self.place.books) if one.key in keys]

    def _compare(self) -> None:
        """Somebody compares the days, and staff decide what the statements do not show."""
        began = datetime.now(UTC)
        with suppress(Unavailable, Conflict):
            self._command("reconcile", token=self.place.template.operator)
        compared = self.owner.execute(_COMPARED_LAST).fetchone()
        # One that was fetched before somebody was cut off proves nothing of what was paid since.
        if compared and compared[0] > began:
            self._decide()

    def _decide(self) -> None:
        waiting = self.owner.execute(_WITH_STAFF, [self.period]).fetchall()
        for (payout,) in waiting:
            decided = (str(payout), "failed", "--reason", "no statement shows it", "--unproved")
            self._command("resolve", *decided, token=self.place.template.approver)

    def _close(self) -> None:
        self._command("close", token=self.place.template.approver)

    def _command(self, name: str, *arguments: str, token: str | None = None) -> str:
        """What a person types."""
        command = SETTLEMENT.commands[name]
        takes = {option for one in command.params for option in one.opts}
        given = [*arguments]
        given += ["--period", self.period] if "--period" in takes else []
        given += ["--token", token] if token and "--token" in takes else []
        given += ["--json"] if "--json" in takes else []
        with redirect_stdout(StringIO()) as said:
            command.main(given, name, standalone_mode=False, obj=lambda: self.tools)
        return said.getvalue()


_OPEN = """
    SELECT id FROM payouts
    WHERE period = %s AND state IN ('claimed', 'submitted', 'unknown') ORDER BY id
"""

_TOO_MUCH = 10**9

_CHANGE_A_LINE = b"""
    UPDATE payouts SET amount = amount + %(more)s
    WHERE id = (SELECT min(id) FROM payouts WHERE period = %(period)s AND state = 'prepared')
"""

_CHANGE_IT_BACK = b"""
    UPDATE payouts SET amount = amount - %(more)s
    WHERE period = %(period)s AND amount > %(more)s
"""

_WITH_STAFF = "SELECT id FROM payouts WHERE period = %s AND state = 'with_staff' ORDER BY id"

_COMPARED_LAST = """
    SELECT began_at FROM operator_statements WHERE state = 'compared' ORDER BY day DESC LIMIT 1
"""

# Some seconds of real time pass for the payouts of a month.
_PASS = """
    UPDATE payouts
    SET sent_at = sent_at - make_interval(secs => %(seconds)s),
        sent_again_at = sent_again_at - make_interval(secs => %(seconds)s),
        ask_at = clock_timestamp()
    WHERE period = %(period)s AND state IN ('submitted', 'unknown')
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
"""
