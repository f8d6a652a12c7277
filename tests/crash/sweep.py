"""Month after month: money comes in, the month is paid while processes die, and is looked at."""

import gc
import tempfile
import time
import traceback
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import uuid4

from tests.crash.bugs import Bug
from tests.crash.checks import era_is_wrong, month_is_wrong
from tests.crash.killing import Reaper
from tests.crash.life import FAIR, HOMES, WEATHERS, WORN, Weather, live
from tests.crash.place import FIRST_YEAR, MEMBERS, Place, Template, era
from tests.crash.points import Death, Tally, known_points

MONTHS_AN_ERA = 200
PROOF_EVERY = 50
"""Months after which the whole ledger proof is asked for, besides the end of an era."""

_NTHS = (1, 1, 1, 1, 2, 3)
_STOPPED = 0.2
_FORGOTTEN = 0.3
_DEATHS = (1, 2, 2, 3, 4)
_LESSONS = 40
"""So many of a place's last draws are remembered, to know in which weather it is reached."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be."""

    run: str
    what: str

    def __str__(self) -> str:
        return f"{self.run}\n  {self.what}"


@dataclass(slots=True)
class Result:
    """What one job has come to."""

    tally: Tally
    runs: int = 0
    violations: list[Violation] = field(default_factory=list)
    weathers: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, other: "Result") -> None:
        self.tally.add(other.tally)
        self.runs += other.runs
        self.violations += other.violations
        self.weathers.update(other.weathers)
        self.seconds = max(self.seconds, other.seconds)


@dataclass(slots=True)
class Sweep:
    """One job: eras one after the other, in a process of its own."""

    template: Template
    name: str
    seed: int
    bug: Bug | None = None
    deaths: Sequence[Death] = ()
    """Given instead of drawn, for whoever looks for the cause of a violation."""
    first: list[Death] = field(default_factory=list)
    """Befall the first months, one each, before anything is drawn."""
    stop_at: int = 1
    """Violations after which there is enough to look at."""
    chance: Random = field(init=False)
    result: Result = field(init=False)
    _lessons: dict[str, deque[tuple[str, bool]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = Random(f"{self.seed} {self.name}")
        self.result = Result(Tally(known_points()))

    def run(self, runs: int) -> Iterator[Result]:
        """So many months; tells after each how it stands."""
        began, number = time.monotonic(), 0
        if self.bug:
            self.bug.patch()
        with tempfile.TemporaryDirectory(prefix="crash-") as folder:
            while self.result.runs < runs and not self._enough:
                number += 1
                months = min(MONTHS_AN_ERA, runs - self.result.runs)
                with era(
                    self.template, f"{self.name}_{number}", Path(folder), self.chance
                ) as place:
                    if self.bug:
                        self.bug.spoil(place)
                    for _ in self._era(place, months, Path(folder)):
                        self.result.seconds = time.monotonic() - began
                        yield self.result

    @property
    def _enough(self) -> bool:
        return len(self.result.violations) >= self.stop_at

    def _era(self, place: Place, months: int, folder: Path) -> Iterator[None]:
        tools = place.tools()
        tools.engine.pool._pre_ping = False
        reaper = Reaper(place.owner, folder)
        gc.freeze()
        with reaper.ended():
            for month, weather in enumerate(WEATHERS):  # what the driver learns, its children know
                place.tools(**weather.settings)
                self._warm_up(place, _period(month))
            for month in range(months):
                period = _period(len(WEATHERS) + month)
                story = self._month(place, reaper, period)
                wrong = list(month_is_wrong(place, period))
                if month % PROOF_EVERY == PROOF_EVERY - 1 or month == months - 1:
                    wrong += era_is_wrong(tools)
                self._tell(story, wrong)
                self.result.runs += 1
                yield
                if self._enough:
                    break
        tools.engine.dispose()

    def _warm_up(self, place: Place, period: str) -> None:
        """A month in peace, in this very process."""
        self._credit(place)
        try:
            live(place, period, FAIR)
        except Exception:  # noqa: BLE001 (whatever it is, it is told)
            self._tell(f"{place.books.name} {period}: in peace", [traceback.format_exc()])

    def _month(self, place: Place, reaper: Reaper, period: str) -> str:
        """Money comes in, and the month is paid by those who die and those who come after."""
        credited = self._credit(place)
        deaths = list(self.deaths) or self._deaths()
        weather = self._weather(deaths)
        deaths = [one for one in deaths if _home(one) in (None, weather)] or deaths
        self.result.weathers[weather.name] += 1
        story = f"{place.books.name} {period}: {credited} members credited, {weather.name}"
        troubles = []

        def life() -> None:
            live(place, period, weather, asleep=bool(reaper.sleepers))

        for death in deaths:
            if death.stopped and not _may_stop(death, weather):
                continue
            fate = reaper.run(life, death)
            self.result.tally.count(death, hit=fate.hit)
            self._learn(death, weather, hit=fate.hit)
            story += f", {death}{'' if fate.hit else ' (not reached)'}"
            troubles.append(fate.trouble)
            if not fate.hit:
                break
            story += self._change_something(place, period)
        else:
            troubles.append(reaper.run(life).trouble)
        if reaper.sleepers:
            troubles += reaper.wake()
            # Who was woken may have begun something, and what is left is anybody's.
            troubles.append(reaper.run(lambda: live(place, period, FAIR)).trouble)
        self._tell(story, [one for one in troubles if one])
        return story

    def _change_something(self, place: Place, period: str) -> str:
        """Now and then a return comes in, or somebody wants no payment, while a month is paid."""
        change = self.chance.choice(("", "", "returned", "stopped"))
        sql = {"returned": _RETURN, "stopped": _STOP}.get(change)
        if sql:
            place.owner.execute(sql, {"period": period, "reference": f"crash:{uuid4()}"})
        return f", {change}" if change else ""

    def _tell(self, story: str, wrong: list[str]) -> None:
        self.result.violations += [Violation(story, one) for one in wrong]

    def _deaths(self) -> list[Death]:
        if self.first:
            return [self.first.pop(0)]
        return [self._death() for _ in range(self.chance.choice(_DEATHS))]

    def _death(self) -> Death:
        point = self.result.tally.draw(self.chance)
        stopped = self.chance.random() < _STOPPED
        # Where few come to at all, hardly anybody comes a second time.
        nths = (1,) if self.result.tally.is_rare(point) else _NTHS
        return Death(point, self.chance.choice(nths), stopped)

    def _weather(self, deaths: Sequence[Death]) -> Weather:
        """Where the rarest place is at home, or the first was reached; now and then any other."""
        if self.chance.random() < 0.2:
            return self.chance.choice(WEATHERS)
        hits = self.result.tally.hits
        for death in sorted(deaths, key=lambda one: hits[one.point]):
            if home := _home(death):
                return home
        lessons = self._lessons.get(deaths[0].point, ())
        weights = [
            (1 + sum(hit for name, hit in lessons if name == one.name))
            / (2 + sum(name == one.name for name, _ in lessons))
            for one in WEATHERS
        ]
        return self.chance.choices(WEATHERS, [one**2 for one in weights])[0]

    def _learn(self, death: Death, weather: Weather, *, hit: bool) -> None:
        kept = self._lessons.setdefault(death.point, deque(maxlen=_LESSONS))
        kept.append((weather.name, hit))

    def _credit(self, place: Place) -> int:
        """Some members earn something, in whole kopecks; somebody changes their mind."""
        count = self.chance.randint(1, 6)
        members = self.chance.sample(range(1, MEMBERS + 1), count)
        place.owner.execute("UPDATE members SET auto_payment = true WHERE NOT auto_payment")
        for member in members:
            amount = self.chance.randint(100, 30_000)
            values = {"member": member, "amount": amount, "reference": f"crash:{uuid4()}"}
            place.owner.execute(_CREDIT, values)
        if self.chance.random() < _FORGOTTEN:  # whose numbers they are is asked anew
            place.owner.execute("DELETE FROM number_checks")
        return count


def _home(death: Death) -> Weather | None:
    return next((one for step, one in HOMES.items() if death.point.startswith(step)), None)


def _period(month: int) -> str:
    return f"{FIRST_YEAR + month // 12}-{month % 12 + 1:02d}"


def _may_stop(death: Death, weather: Weather) -> bool:
    """Whether the product claims to bear it: between the last look at its stopwatch and the call a
    process may stand still for as long as the operator remembers keys, and no longer."""
    return not (weather is WORN and death.point.endswith(":before_call"))


_CREDIT = """
    WITH moved AS (
        INSERT INTO ledger_transactions (reference, kind, effective_at)
        VALUES (%(reference)s || ':tracked', 'bonus_tracked', '1999-12-01'),
               (%(reference)s, 'bonus_confirmed', '1999-12-01') RETURNING id, kind
    )
    INSERT INTO ledger_entries (transaction_id, leg, account, owner_id, amount)
    SELECT moved.id, legs.leg, legs.account, legs.owner_id, legs.amount
    FROM moved JOIN (VALUES
        ('bonus_tracked', 0, 'marketing_expense', 0, %(amount)s::bigint),
        ('bonus_tracked', 1, 'member_pending', %(member)s::bigint, -%(amount)s::bigint),
        ('bonus_confirmed', 0, 'member_pending', %(member)s::bigint, %(amount)s::bigint),
        ('bonus_confirmed', 1, 'member_available', %(member)s::bigint, -%(amount)s::bigint)
    ) AS legs (kind, leg, account, owner_id, amount) ON legs.kind = moved.kind
"""

_RETURN = """
    WITH its AS (
        SELECT member_id FROM payouts WHERE period = %(period)s ORDER BY id LIMIT 1
    ), moved AS (
        INSERT INTO ledger_transactions (reference, kind, effective_at)
        SELECT %(reference)s, 'bonus_clawed_back', '1999-12-02' FROM its RETURNING id
    )
    INSERT INTO ledger_entries (transaction_id, leg, account, owner_id, amount)
    SELECT moved.id, legs.leg, legs.account, legs.owner_id, legs.amount
    FROM moved CROSS JOIN its CROSS JOIN LATERAL (VALUES
        (0, 'member_available', member_id, 100::bigint), (1, 'marketing_expense', 0, -100::bigint)
    ) AS legs (leg, account, owner_id, amount)
"""

_STOP = """
    UPDATE members SET auto_payment = false
    WHERE id = (SELECT max(member_id) FROM payouts WHERE period = %(period)s)
"""
