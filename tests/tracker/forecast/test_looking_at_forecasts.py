"""Forecasts as staff see them: over HTTP and on the console."""

import itertools
import json
from typing import Any

import pytest
from click.testing import CliRunner

import wsgi
from tests.stories.months import earns
from tests.world import World, day
from tracker.forecast.looking import rebuild
from tracker.forecast.rules import NoForecast
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role
from tracker.staff.service import hire
from wiring.forecast import house_of

TODAY = day(20)
_NUMBERS = itertools.count(1)


@pytest.fixture
def looked(world: World) -> World:
    """A world with a shop of the past, and a forecast."""
    earns(world, world.shop("tea", hold_days=10), world.member(), 300)
    world.shop("silk")
    rebuild(world.tools.engine, house_of(world.tools.settings), TODAY, 5)
    return world


def asked(world: World, path: str) -> Any:
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, f"vera-{next(_NUMBERS)}", Role.VIEWER)
    headers = {"Authorization": f"Bearer {token}"}
    return world.client().get(f"/admin/api/v1/forecast{path}", headers=headers).get_json()


def said(world: World, *words: str) -> Any:
    command = wsgi.cli.commands["forecast"]
    done = CliRunner().invoke(command, words, obj=lambda: world.tools)
    if isinstance(done.exception, NoForecast):
        raise done.exception
    assert done.exit_code == 0, done.output
    return json.loads(done.output) if "--json" in words else done.output


def test_finance_reads_what_the_next_1sts_may_cost(looked: World) -> None:
    told = asked(looked, f"?as_of={day(21).isoformat().replace('+', '%2B')}")
    assert (told["as_of"], told["seed"]) == ("2010-12-20T21:00:00+00:00", 5)
    assert (told["purchases"], told["members"], told["one_in"]) == (1, 1, 1)
    assert [(one["scope"], one["period"]) for one in told["costs"]] == [
        (scope, period)
        for scope in ("bought", "everything")
        for period in ("2011-01", "2011-02", "2011-03", "all")
    ]
    first = told["costs"][0]
    assert first["p10"] == first["p50"] == first["p90"] == "500.00"
    assert first["came_to"] is None
    assert said(looked, "show", "--as-of", day(21).isoformat(), "--json") == told


def test_before_the_first_there_is_none(world: World) -> None:
    told = asked(world, "")
    assert (told["status"], told["code"]) == (404, "no_forecast")
    assert "none was made yet" in told["detail"]


def test_of_before_the_first_it_is_told_which_that_is(looked: World) -> None:
    told = asked(looked, "?as_of=2010-11-30T21:00:00Z")
    assert told["code"] == "no_forecast"
    assert "the first is of 2010-12-20T21:00:00+00:00" in told["detail"]
    with pytest.raises(NoForecast):
        said(looked, "show", "--as-of", "2010-11-30T21:00:00Z")


def test_each_shop_has_a_curve_also_one_of_which_nothing_is_known(looked: World) -> None:
    page = asked(looked, "/shops?limit=1")
    assert [one["shop"] for one in page["items"]] == ["tea"]
    rest = asked(looked, f"/shops?cursor={page['next']}")
    assert [(one["shop"], one["purchases"]) for one in rest["items"]] == [("silk", 0)]
    assert rest["next"] is None
    tea = asked(looked, "/shops/tea")
    assert (tea["purchases"], tea["watch"]) == (1, None)
    assert tea["ages"][0] == {
        "days": 1,
        "confirmed": "100.00",
        "rejected": "0.00",
        "money_confirmed": "100.00",
        "money_rejected": "0.00",
    }
    assert asked(looked, "/shops?unlike=true")["items"] == []
    assert asked(looked, "/shops/nowhere")["code"] == "no_curve"


def test_the_console_says_the_same(looked: World) -> None:
    assert "silk" in said(looked, "shops")
    assert said(looked, "shop", "tea", "--json") == asked(looked, "/shops/tea")
    assert "money confirmed" in said(looked, "shop", "tea")
    rebuilt = said(looked, "rebuild", "--as-of", day(22).isoformat(), "--seed", "3", "--json")
    assert (rebuilt["seed"], rebuilt["purchases"]) == (3, 1)
    assert "500.00" in said(looked, "show", "--as-of", day(30).isoformat())


def test_prometheus_hears_of_the_latest(looked: World) -> None:
    scraped = looked.client().get("/metrics").text
    assert "tracker_forecast_next_1st_p50_kopecks 50000.0" in scraped
    assert "tracker_forecast_shops_unlike_themselves 0.0" in scraped
