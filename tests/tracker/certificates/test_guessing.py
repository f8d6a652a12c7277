"""Wrong codes at salons: counted, told of, and after so many none is looked at."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from tests.races.together import raised, together
from tests.signing_in import at
from tests.tracker.certificates.salon import (
    Paper,
    Salon,
    paper,
    present,
    salon_of,
    told,
    wrong_code,
)
from tests.tracker.certificates.saving import NOW, states
from tests.world import Shop, World
from tracker.certificates import misses, salon_api
from tracker.kit.clock import FixedClock, SystemClock

REFUSED = (429, "too_many_requests")
WRONG = (404, "code_not_accepted")


@pytest.fixture(autouse=True)
def pass_to(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Lets so much real time be later than half past: budgets begin anew with each hour."""
    half_past = SystemClock().now().replace(minute=30, second=0)

    def passed(by: timedelta) -> None:
        monkeypatch.setattr(salon_api, "REAL", FixedClock(half_past + by))

    passed(timedelta())
    return passed


@pytest.fixture
def world(world: World) -> World:
    return at(world, NOW)


def counts(world: World) -> dict[str, int]:
    """Wrong codes by whom they are counted for."""
    rows = world.query("SELECT scope, count FROM budget_counts WHERE scope LIKE 'certificate m%'")
    return {row.scope.split()[2]: row.count for row in rows}


def misses_before(world: World, salon: Salon, whose: str, so_many: int) -> None:
    """One wrong code, and as if there had been more."""
    assert told(present(world, salon, wrong_code())) == WRONG
    world.change(
        "UPDATE budget_counts SET count = :count WHERE scope = :scope",
        count=so_many,
        scope=f"certificate misses {whose} 3600",
    )


def test_a_wrong_code_is_counted_and_nothing_else_is(
    world: World, arbat: Salon, slip: Paper
) -> None:
    assert present(world, arbat, slip.code, "R-1").status_code == 200
    assert present(world, arbat, slip.code, "R-1").status_code == 200
    assert present(world, arbat, slip.code, "R-2").status_code == 409
    assert present(world, arbat, wrong_code(), more=1).status_code == 422
    assert present(world, Salon("arbat", "sal_wrong"), wrong_code()).status_code == 401
    assert counts(world) == {}
    for code in (wrong_code(), "hello", slip.code[:-1]):
        assert told(present(world, arbat, code)) == WRONG
    assert counts(world) == {"salon": 3, "address": 3, "all": 3, "noticed": 3}


def test_typing_badly_shuts_nobody_out(world: World, arbat: Salon, slip: Paper) -> None:
    misses_before(world, arbat, "salon", misses.OF_SALON - 1)
    assert present(world, arbat, slip.code).status_code == 200


@pytest.mark.parametrize(
    ("whose", "limit"),
    [("salon", misses.OF_SALON), ("address", misses.OF_ADDRESS), ("all", misses.IN_ALL)],
)
def test_beyond_the_budget_no_code_is_looked_at(
    world: World,
    arbat: Salon,
    slip: Paper,
    pass_to: Callable[[timedelta], None],
    *,
    whose: str,
    limit: int,
) -> None:
    misses_before(world, arbat, whose, limit - 1)
    assert told(present(world, arbat, wrong_code())) == WRONG
    for code in (wrong_code(), "hello", slip.code):
        refused = present(world, arbat, code)
        assert told(refused) == REFUSED
        assert 0 < int(refused.headers["Retry-After"]) <= 1_800
    assert states(world) == ["issued"]
    assert counts(world)[whose] == limit
    pass_to(timedelta(minutes=29))
    assert told(present(world, arbat, slip.code)) == REFUSED
    pass_to(timedelta(minutes=31))
    assert present(world, arbat, slip.code).status_code == 200


def test_one_salon_does_not_shut_out_the_next(world: World, arbat: Salon, slip: Paper) -> None:
    nevsky = salon_of(world, "nevsky")
    misses_before(world, arbat, "salon", misses.OF_SALON)
    assert told(present(world, arbat, slip.code)) == REFUSED
    assert present(world, nevsky, slip.code).status_code == 200


def test_one_address_does_not_shut_out_the_next(world: World, arbat: Salon, slip: Paper) -> None:
    tools = replace(world.tools, settings=replace(world.tools.settings, proxies=1))
    behind = World(tools)
    misses_before(behind, arbat, "address", misses.OF_ADDRESS)
    assert told(present(behind, arbat, slip.code)) == REFUSED
    told_by_proxy = {"X-Forwarded-For": "203.0.113.7"}
    assert present(behind, arbat, slip.code, headers=told_by_proxy).status_code == 200


def test_in_a_hurry_no_more_are_told_that_they_are_wrong(world: World, arbat: Salon) -> None:
    misses_before(world, arbat, "salon", misses.OF_SALON - 10)
    answers = together(*[lambda: told(present(world, arbat, wrong_code()))] * 30)
    assert not raised(answers)
    assert (answers.count(WRONG), answers.count(REFUSED)) == (10, 20)


def test_in_a_hurry_no_right_one_is_refused(world: World, arbat: Salon, shop: Shop) -> None:
    slips = [paper(world, shop) for _ in range(8)]
    misses_before(world, arbat, "salon", misses.OF_SALON - 1)
    answers = together(
        *(lambda code=one.code: present(world, arbat, code).status_code for one in slips)
    )
    assert answers == [200] * len(slips)


def test_somebody_is_told_of_a_salon_once_an_hour(
    world: World, arbat: Salon, pass_to: Callable[[timedelta], None]
) -> None:
    misses_before(world, arbat, "noticed", misses.ALARM - 2)
    for later, expected in ((timedelta(), 1), (timedelta(minutes=31), 0)):
        pass_to(later)
        with capture_logs() as logged:
            for _ in range(3):
                assert told(present(world, arbat, wrong_code())) == WRONG
        alarms = [one for one in logged if one["event"] == "certificates_guessed"]
        assert [(one["log_level"], one["salon"]) for one in alarms] == [
            ("error", "arbat")
        ] * expected


def test_somebody_is_told_when_the_budget_of_all_is_used_up(world: World, arbat: Salon) -> None:
    misses_before(world, arbat, "all", misses.IN_ALL - 1)
    with capture_logs() as logged:
        assert told(present(world, arbat, wrong_code())) == WRONG
        assert told(present(world, arbat, wrong_code())) == REFUSED
    (alarm,) = [one for one in logged if one["log_level"] == "error"]
    assert (alarm["event"], alarm["scope"]) == ("budget_used_up", misses.SHARED)


def test_neither_codes_nor_keys_are_logged(world: World, arbat: Salon, slip: Paper) -> None:
    wrong = wrong_code()
    with capture_logs() as logged:
        present(world, arbat, wrong)
        present(world, arbat, slip.code)
    assert not re.search(f"{wrong}|{slip.code}|{arbat.key}", str(logged))


def test_monitoring_sees_what_waits_and_what_missed(world: World, arbat: Salon) -> None:
    for _ in range(3):
        present(world, arbat, wrong_code())
    scraped = world.client().get("/metrics").text
    found = dict(re.findall(r"^tracker_(certificate\w+) ([\d.]+)$", scraped, re.M))
    assert {name: float(value) for name, value in found.items()} == {
        "certificates_waiting": 0,
        "certificates_in_review": 0,
        "certificate_voids_waiting": 0,
        "certificate_misses": 3,
    }
