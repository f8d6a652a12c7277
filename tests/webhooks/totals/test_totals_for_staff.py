"""What staff see of control totals: by command, by HTTP, in the metrics and in the log."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from structlog.testing import capture_logs

from partners.shops.rules import ShopStatus
from tests.webhooks.totals.exchange import asking, everything, question
from tests.world import Shop, World, created, day
from tracker.kit.database import unit_of_work
from tracker.kit.logs import set_up_logs
from tracker.purchases.days import Order, Word
from tracker.staff.rules import Role
from tracker.staff.service import hire
from webhooks.totals.cli import totals

DAY = date(2010, 12, 1)
AFTER = ("--as-of", "2010-12-02T12:00:00+03:00")
ORDERS = [Order("A-1", 1_000, Word.OPEN), Order("A-2", 2_000, Word.OPEN)]


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop of whose two orders one was lost, and which has told so."""
    made = world.shop("first")
    world.tell(made, created("A-1", None, 10, at=day(0)))
    asking(world, made)(question(str(DAY), ORDERS))
    return made


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    """What is logged, from warnings on."""
    set_up_logs("WARNING")
    with capture_logs() as heard:
        yield heard
    set_up_logs("ERROR")


def run(world: World, *arguments: str) -> Result:
    result = CliRunner().invoke(totals, list(arguments), obj=lambda: world.tools)
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def told(world: World, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(world, *arguments, "--json").stdout)
    return found


def tell_days(world: World, shop: Shop, first: date, days: int) -> None:
    for number in range(days):
        asking(world, shop)(question(str(first + timedelta(days=number)), []))


def metric(world: World) -> float:
    lines = world.client().get("/metrics").get_data(as_text=True).splitlines()
    (found,) = [one for one in lines if one.startswith("tracker_control_totals_differing ")]
    return float(found.split()[1])


def test_the_last_word_of_each_shop_and_day(world: World, shop: Shop) -> None:
    (row,) = told(world, *AFTER)
    assert row.pop("received_at")
    assert row == {
        "shop": "first",
        "date": "2010-12-01",
        "status": "differs",
        "trusted": True,
        "booking": 0,
        "our_count": 1,
        "our_sum": "10.00",
        "their_count": 2,
        "their_sum": "30.00",
        "missing": 0,
        "extra": 0,
        "amount_mismatch": 0,
        "status_mismatch": 0,
    }
    for _ in range(2):
        asking(world, shop)({"date": str(DAY)} | everything(ORDERS))
    assert told(world, *AFTER)[0]["missing"] == 1
    world.tell(shop, created("A-2", None, 20, at=day(0)))
    asking(world, shop)(question(str(DAY), ORDERS))
    (row,) = told(world, *AFTER)
    assert (row["status"], row["missing"]) == ("match", 0)


def test_of_a_shop_or_of_a_day(world: World, shop: Shop) -> None:
    other = world.shop("second")
    tell_days(world, other, DAY, 3)
    assert [row["shop"] for row in told(world, *AFTER)] == ["first", "second"]
    assert [row["date"] for row in told(world, "second", *AFTER)] == [
        "2010-12-01",
        "2010-12-02",
        "2010-12-03",
    ]
    assert [row["shop"] for row in told(world, "--date", "2010-12-03", *AFTER)] == ["second"]
    assert told(world, "first", "--date", "2010-12-03", *AFTER) == []
    assert "differs" in run(world, *AFTER).output


def test_wrong_usage(world: World) -> None:
    result = CliRunner().invoke(totals, ["--date", "yesterday"], obj=lambda: world.tools)
    assert result.exit_code == 2
    result = CliRunner().invoke(totals, ["nowhere"], obj=lambda: world.tools)
    assert result.exception is not None
    assert "no shop is called 'nowhere'" in str(result.exception)


def test_who_usually_sends_and_did_not(world: World) -> None:
    for name, days in (("usual", 5), ("seldom", 4), ("left", 7)):
        status = ShopStatus.LEFT if name == "left" else ShopStatus.ACTIVE
        made = world.shop(name)
        tell_days(world, made, DAY - timedelta(days=days), days)
        world.shop(name, status=status)
    tell_days(world, world.shop("punctual"), DAY - timedelta(days=7), 8)
    assert silent(world, "2010-12-02T12:00:00+03:00", "--date", "2010-12-01") == ["usual"]
    assert silent(world, "2010-12-02T12:00:00+03:00") == ["usual"]
    assert silent(world, "2010-12-02T11:59:59+03:00", "--date", "2010-12-01") == []
    assert silent(world, "2010-12-02T11:59:59+03:00") == []
    assert silent(world, "2010-12-02T12:00:00+03:00", "usual") == ["usual"]
    assert silent(world, "2010-12-02T12:00:00+03:00", "seldom") == []


def silent(world: World, as_of: str, *arguments: str) -> list[str]:
    rows = told(world, *arguments, "--as-of", as_of)
    return [row["shop"] for row in rows if row["status"] == "silent"]


def test_the_same_by_http(world: World, shop: Shop) -> None:
    tell_days(world, world.shop("usual"), DAY - timedelta(days=6), 6)
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, "vera", Role.VIEWER)

    def get(path: str) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        response = world.client().get(f"/admin/api/v1/control-totals{path}", headers=headers)
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.get_json()

    (row,) = get("?status=differs")["items"]
    assert (row["shop"], row["date"], row["status"]) == ("first", "2010-12-01", "differs")
    assert row["ours"] == {"count": 1, "sum": "10.00"}
    assert row["theirs"] == {"count": 2, "sum": "30.00"}
    assert row["found"] == dict.fromkeys(
        ("missing", "extra", "amount_mismatch", "status_mismatch"), 0
    )
    page = get("?shop=usual&limit=4")
    assert len(page["items"]) == 4
    rest = get(f"?shop=usual&limit=4&cursor={page['next']}")
    assert (len(rest["items"]), rest["next"]) == (2, None)
    assert get("?date=2010-11-30")["items"][0]["status"] == "match"
    assert get("/silent?date=2010-12-01") == {"date": "2010-12-01", "shops": ["usual"]}
    assert get("/silent")["shops"] == []


def test_it_is_told_to_monitoring(world: World, shop: Shop, logs: list[Any]) -> None:
    assert metric(world) == 1
    logs.clear()
    asking(world, shop)(question(str(DAY), ORDERS))
    asking(world, shop)(question(str(DAY), ORDERS[:1]))
    (told_of,) = [one for one in logs if one["event"] == "control_total_differs"]
    assert told_of["shop_id"] == shop.id
    assert (told_of["our_count"], told_of["their_count"]) == (1, 2)
    assert (told_of["our_kopecks"], told_of["their_kopecks"]) == (1_000, 3_000)
    assert metric(world) == 0


def test_what_is_found_in_a_range_replaces_what_was_found_in_it(world: World, shop: Shop) -> None:
    day_of = {"date": str(DAY)}
    low = everything(ORDERS[:1]) | {"to": "A-2"}
    high = everything(ORDERS[1:]) | {"from": "A-2"}
    for part in (low, high, high, low):
        asking(world, shop)(day_of | part)
    (row,) = world.query("SELECT found FROM control_totals")
    assert sorted(row.found) == ["", "A-2"]
    assert told(world, *AFTER)[0]["missing"] == 1
    asking(world, shop)(question(str(DAY), ORDERS))
    (row,) = world.query("SELECT found FROM control_totals")
    assert row.found == {}
