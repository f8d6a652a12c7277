"""`make crash-sweep N=10000`: a long sweep; `--bugs`: that it sees what was sown."""

import multiprocessing
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.queues import Queue
from queue import Empty
from random import Random

import click

from sandbox.servers import temporary_servers
from tests.crash.bugs import BUGS
from tests.crash.place import Template, make_template
from tests.crash.points import Tally, death_from, known_points
from tests.crash.sweep import Result, Sweep
from tracker.kit.crypto import new_key

_TELL_EVERY = 10
"""Seconds between the lines of a long sweep."""
_RUNS_FOR_A_BUG = 80


@dataclass(frozen=True, slots=True)
class _Order:
    """What all jobs do alike."""

    template: Template
    runs: int
    seed: int
    deaths: str
    bug: str | None


@click.command()
@click.option("--runs", default=10_000, show_default=True, type=click.IntRange(min=1))
@click.option("--seed", default=1, show_default=True)
@click.option("--jobs", default=4, show_default=True, type=click.IntRange(1, 64))
@click.option("--at-least", type=int, help="Hits of each place [default: runs / 100].")
@click.option("--deaths", default="", help="Always these, such as settlement.claim:after_commit*2.")
@click.option("--bug", type=click.Choice(sorted(BUGS)), help="Sow this defect.")
@click.option("--bugs", is_flag=True, help="Sow each defect in turn: is it seen?")
def main(
    *,
    runs: int,
    seed: int,
    jobs: int,
    at_least: int | None,
    deaths: str,
    bug: str | None,
    bugs: bool,
) -> None:
    """Pay month after month while processes are killed; exit 1 upon anything that must not be."""
    with temporary_servers() as servers:
        template = make_template(servers.addresses, new_key(), Random(seed))
        if bugs:
            sys.exit(0 if _all_are_seen(template, seed, jobs) else 1)
        order = _Order(template, runs, seed, deaths, bug)
        sys.exit(0 if _sweep(order, jobs, runs // 100 if at_least is None else at_least) else 1)


def _sweep(order: _Order, jobs: int, at_least: int) -> bool:
    """The long one; whether all is well."""
    began = time.monotonic()
    total = Result(Tally(known_points()))
    shares = [order.runs // jobs + (job < order.runs % jobs) for job in range(jobs)]
    queue: Queue[tuple[int, Result]] = multiprocessing.Queue()
    workers = [
        multiprocessing.Process(target=_job, args=(queue, number, share, order))
        for number, share in enumerate(shares)
        if share
    ]
    for worker in workers:
        worker.start()
    latest: dict[int, Result] = {}
    told = began
    while any(worker.is_alive() for worker in workers) or not queue.empty():
        with suppress(Empty):
            number, result = queue.get(timeout=0.5)
            latest[number] = result
        if time.monotonic() - told > _TELL_EVERY:
            told = time.monotonic()
            done = sum(one.runs for one in latest.values())
            click.echo(f"{done:>7,} runs  {done / (told - began):.1f} a second")
    broken = [worker.exitcode for worker in workers if worker.exitcode]
    for result in latest.values():
        total.add(result)
    return _say(total, time.monotonic() - began, at_least, broken)


def _say(total: Result, seconds: float, at_least: int, broken: list[int]) -> bool:
    for line in total.tally.table():
        click.echo(line)
    for violation in total.violations[:20]:
        click.echo(f"VIOLATION {violation}")
    short = total.tally.short_of(max(at_least, 1)) if at_least else []
    click.echo(f"weathers {dict(sorted(total.weathers.items()))}")
    click.echo(
        f"{total.runs:,} runs in {seconds:.0f} s, {total.runs / seconds:.1f} a second;"
        f" {total.tally.hits.total():,} deaths; {len(total.violations)} violations"
    )
    for point in short:
        click.echo(f"{point} was hit {total.tally.hits[point]} times, {at_least} are demanded")
    for code in broken:
        click.echo(f"a job ended with exit code {code}")
    return not (total.violations or short or broken)


def _job(
    queue: "Queue[tuple[int, Result]]",
    number: int,
    share: int,
    order: _Order,
) -> None:
    deaths = [death_from(one) for one in order.deaths.split(",") if one.strip()]
    bug = BUGS[order.bug] if order.bug else None
    sweep = Sweep(order.template, f"crash_{number}", order.seed, bug, deaths)
    for result in sweep.run(share):
        if result.runs % 10 == 0 or result.runs == share or result.violations:
            queue.put((number, result))


def _all_are_seen(template: Template, seed: int, jobs: int) -> bool:
    """A line for each defect; whether all were seen."""
    with multiprocessing.Pool(jobs, maxtasksperchild=1) as pool:
        width, seen = max(map(len, BUGS)), []
        for name, runs, what in pool.imap_unordered(partial(sow, template, seed), BUGS):
            told = f"seen in run {runs:>3}" if what else f"NOT SEEN in {runs}"
            click.echo(f"{name:<{width}}  {told}  {what}")
            seen.append(bool(what))
    return all(seen)


def sow(template: Template, seed: int, name: str) -> tuple[str, int, str]:
    """Sweep with a defect until it is seen: its name, the runs that took, what was seen."""
    bug = BUGS[name]
    first = [death_from(bug.shows)] * 20 if bug.shows else []
    sweep = Sweep(template, f"bug_{name}", seed, bug, first=first)
    for _ in sweep.run(_RUNS_FOR_A_BUG):
        pass
    result = sweep.result
    what = result.violations[0].what.strip().splitlines()[-1] if result.violations else ""
    return name, result.runs, what[:100]


if __name__ == "__main__":
    main()
