"""A short seeded sweep, and that it sees what is sown; `make crash-sweep` is the long one."""

import multiprocessing
from collections.abc import Iterator
from random import Random

import pytest

from sandbox.servers import EmbeddedServers
from sandbox.servers.databases import drop_database
from tests.crash.__main__ import sow
from tests.crash.bugs import BUGS
from tests.crash.place import TEMPLATE, Template, make_template
from tests.crash.points import Death, Tally, death_from, known_points
from tests.crash.sweep import Sweep
from tracker.kit.crypto import new_key

QUICK = ("commit_after_the_call", "key_per_attempt", "missing_fence", "missing_unique_constraint")
"""Tried each time; the others by the long run."""

DEATHS = (
    "settlement.claim:before_commit",
    "settlement.claim:after_commit",
    "settlement.submit:before_call",
    "~settlement.submit:after_call",
    "settlement.record:before_commit",
    "settlement.record:after_commit",
    "~reconciliation.finish:after_commit",
    "reconciliation.settle:before_commit",
    "reconciliation.open:after_commit",
)
"""Where it matters most; which others come, chance decides."""


@pytest.fixture(scope="module")
def template(servers: EmbeddedServers) -> Iterator[Template]:
    """Members and staff, to be cloned."""
    yield make_template(servers.addresses, new_key(), Random(1))
    drop_database(servers.addresses.superuser_url, TEMPLATE)


def test_whoever_is_killed_everybody_is_paid_once(template: Template) -> None:
    sweep = Sweep(template, "crash_short", 1, first=[death_from(one) for one in DEATHS])
    for _ in sweep.run(len(DEATHS) + 3):
        pass
    assert sweep.result.violations == []
    assert sweep.result.runs == len(DEATHS) + 3
    reached = sweep.result.tally.hits
    assert [one for one in DEATHS if not reached[death_from(one).point]] == []


@pytest.mark.parametrize("name", QUICK)
def test_what_is_sown_is_seen(template: Template, name: str) -> None:
    runs, seen = sown(template, name)
    assert seen, f"not seen in {runs} months"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(BUGS.keys() - set(QUICK)))
def test_what_else_is_sown_is_seen(template: Template, name: str) -> None:
    runs, seen = sown(template, name)
    assert seen, f"not seen in {runs} months"


def sown(template: Template, name: str) -> tuple[int, str]:
    """In a process of its own: the defect must not outlive the test."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        _, runs, seen = pool.apply(sow, (template, 1, name))
    return runs, seen


def test_places_are_read_from_the_source() -> None:
    points = known_points()
    assert {"settlement.claim:after_commit", "settlement.submit:before_call"} <= set(points)
    assert len(points) == len(set(points)) > 40


def test_what_was_drawn_and_never_reached_is_no_hit() -> None:
    tally = Tally(["a:before_call", "a:after_call"])
    tally.count(Death("a:before_call"), hit=True)
    tally.count(Death("a:after_call"), hit=False)
    assert tally.short_of(1) == ["a:after_call"]


def test_places_that_were_hit_little_are_drawn_more() -> None:
    tally = Tally(["a:before_call", "a:after_call"])
    for _ in range(50):
        tally.count(Death("a:before_call"), hit=True)
    chance = Random(1)
    drawn = [tally.draw(chance) for _ in range(100)]
    assert drawn.count("a:after_call") > 80


@pytest.mark.parametrize("form", ["a.b:after_call", "~a.b:before_commit*3"])
def test_a_death_is_written_as_it_is_read(form: str) -> None:
    assert str(death_from(form)) == form
