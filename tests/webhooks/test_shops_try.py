"""The dialect bench: a wrong mapping is found before it costs money, and nothing is booked."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from partners.dialects.service import speak
from partners.shops.rules import ShopNotFound
from tests.webhooks.adapters.payloads import ROOT
from tests.webhooks.mapping.samples import FORM, MAPPING, changed, event, given_back
from tests.world import Shop, World, created, day
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from tracker.kit.errors import TooLarge
from webhooks.mapping.schema import MappingInvalid
from webhooks.onboarding.cli import try_dialect
from webhooks.wire.dialect import MAX_BODY

EVERYTHING = "SELECT count(*) FROM inbox_events UNION ALL SELECT count(*) FROM purchases"
OUTCOMES = ("same", "differs", "refused_by_new", "refused_by_old", "refused_by_both")


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop of its own make that has sent four events, all of them booked."""
    made = world.shop()
    setting(world, made, "mapped", MAPPING)
    click_id = world.click(world.member(), made)
    for told in (
        event("новый"),
        event("собирается", "01.12.2010 09:00"),
        event("доставлен", "05.12.2010 18:00", итого="2 629,90"),
        event("возврат", "06.12.2010 10:00", **given_back(("A", "765,00"))),
    ):
        world.tell(made, changed(told, заказ__метка=click_id))
    return made


def setting(world: World, shop: Shop, dialect: str, mapping: Any = None) -> None:
    with unit_of_work(world.tools.engine) as session:
        speak(session, shop.id, dialect, mapping)


def run(world: World, *arguments: str) -> Result:
    command = click.Group(commands=[try_dialect])
    return CliRunner().invoke(command, ["try", *arguments], obj=lambda: world.tools)


def told(world: World, *arguments: str) -> dict[str, Any]:
    result = run(world, *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def saved(folder: Path, **changes: Any) -> list[str]:
    """Options for the sample mapping with changes."""
    path = folder / "mapping.json"
    path.write_text(json.dumps(changed(MAPPING, **changes)))
    return ["--dialect", "mapped", "--mapping", str(path)]


def outcomes(found: dict[str, Any]) -> list[int]:
    return [found[name] for name in OUTCOMES]


def ids(world: World) -> list[int]:
    return [row.id for row in world.query("SELECT id FROM inbox_events ORDER BY id")]


def test_the_same_mapping_changes_nothing(world: World, shop: Shop, tmp_path: Path) -> None:
    found = told(world, shop.slug, *saved(tmp_path), "--strict")
    assert (found["events"], outcomes(found)) == (4, [4, 0, 0, 0, 0])
    assert (found["differing"], found["faults"], found["fields"]) == ([], [], {})


def test_a_wrong_unit_is_seen_by_the_sums(world: World, shop: Shop, tmp_path: Path) -> None:
    """Per line instead of per piece: half the money for two pieces."""
    before = world.query(EVERYTHING)
    found = told(world, shop.slug, *saved(tmp_path, lines__amount_is="line"))
    assert outcomes(found) == [2, 2, 0, 0, 0]
    assert found["fields"] == {"lines[]": 1, "notices[].lines[]": 1}
    first, second = found["differing"]
    assert (first["event"], first["outcome"]) == (ids(world)[0], "differs")
    assert first["fields"] == {"lines[A]": {"old": "2 for 1530.00", "new": "2 for 765.00"}}
    assert second["fields"].keys() == {"notices[0].lines[A]"}
    assert world.query(EVERYTHING) == before
    assert world.differences() == []


def test_what_the_new_one_refuses_is_grouped_with_an_example(
    world: World, shop: Shop, tmp_path: Path
) -> None:
    words = {"kind__words": {"новый": "created", "изменён": "updated", "возврат": "returned"}}
    found = told(world, shop.slug, *saved(tmp_path, **words, numbers__decimal="."))
    assert outcomes(found) == [0, 0, 4, 0, 0]
    by_reason = {one["reason"].split(":")[0]: one for one in found["faults"]}
    assert by_reason["/заказ/товары/#/цена"]["events"] == 1
    assert by_reason["/возврат/товары/#/сумма"]["example"] == ids(world)[3]
    unknown = [one for one in found["faults"] if one["reason"].startswith("/статус")]
    assert {one["example"] for one in unknown} == set(ids(world)[1:3])
    assert found["differing"][1]["refusal"]["fields"].keys() == {"/статус"}


def test_what_the_old_one_refuses_may_be_read_by_the_new(world: World, tmp_path: Path) -> None:
    """Stored under one dialect and parked: another currency, which the new mapping translates."""
    made = world.shop()
    setting(world, made, "mapped", MAPPING)
    world.tell(made, changed(event("новый"), заказ__валюта="RUR"))
    found = told(world, made.slug, *saved(tmp_path, currencies={"RUR": "RUB"}))
    assert outcomes(found) == [0, 0, 0, 1, 0]
    assert found["differing"][0]["refusal"]["code"] == "currency_not_taken"
    found = told(world, made.slug, *saved(tmp_path, currencies={"RUR": "USD"}))
    assert outcomes(found) == [0, 0, 0, 0, 1]
    assert [one["code"] for one in found["faults"]] == ["currency_not_taken"]


def test_each_event_is_read_as_it_was_let_in(world: World, shop: Shop, tmp_path: Path) -> None:
    """Whatever the shop speaks since; and a body of another shape is refused, not misread."""
    setting(world, shop, "native")
    world.tell(shop, created("A-1", None, 10, at=day(1)))
    found = told(world, shop.slug, *saved(tmp_path))
    assert outcomes(found) == [4, 0, 1, 0, 0]
    assert outcomes(told(world, shop.slug, "--dialect", "native")) == [1, 0, 4, 0, 0]
    form = tmp_path / "form.json"
    form.write_text(json.dumps(FORM))
    found = told(world, shop.slug, "--dialect", "mapped", "--mapping", str(form))
    assert [one["code"] for one in found["faults"]] == ["unsupported_media_type"]
    assert found["faults"][0]["events"] == 5


def test_people_see_it_in_tables(world: World, shop: Shop, tmp_path: Path) -> None:
    shown = run(world, shop.slug, *saved(tmp_path, lines__amount_is="line")).output
    assert "2 for 1530.00" in shown
    assert "differs" in shown
    shown = run(world, shop.slug, "--dialect", "native").output
    assert "event_invalid" in shown


@pytest.mark.parametrize(("changes", "code"), [({}, 0), ({"lines__amount_is": "line"}, 1)])
def test_strict_exits_with_one_when_something_differs(
    world: World, shop: Shop, tmp_path: Path, changes: dict[str, Any], code: int
) -> None:
    assert run(world, shop.slug, *saved(tmp_path, **changes), "--strict").exit_code == code
    assert run(world, shop.slug, *saved(tmp_path, **changes)).exit_code == 0


def test_only_what_was_asked_for_is_read(world: World, shop: Shop, tmp_path: Path) -> None:
    options = [shop.slug, *saved(tmp_path)]
    assert told(world, *options, "--limit", "3")["events"] == 3
    assert told(world, *options, "--until", ago(hours=1))["events"] == 0
    assert told(world, *options, "--since", "2h", "--until", ago(hours=-1))["events"] == 4
    assert told(world, *options, "--since", "1h", "--until", ago(hours=-2))["events"] == 0
    other = world.shop("other")
    assert told(world, other.slug, *saved(tmp_path))["events"] == 0


def ago(**span: float) -> str:
    moment: datetime = SystemClock().now() - timedelta(**span)
    return moment.isoformat()


# -- from a file -----------------------------------------------------------------------------


def body(folder: Path, told: Any) -> list[str]:
    path = folder / "body"
    path.write_bytes(told if isinstance(told, bytes) else json.dumps(told).encode())
    return ["--from-file", str(path)]


def offline(*arguments: str) -> Result:
    """Without a stack: nothing may be asked of one."""
    command = click.Group(commands=[try_dialect])
    return CliRunner().invoke(command, ["try", *arguments], obj=lambda: 1 / 0)


def test_a_body_on_disk_is_read_without_a_service(tmp_path: Path) -> None:
    options = [*saved(tmp_path), *body(tmp_path, event("новый"))]
    result = offline(*options, "--json", "--strict")
    assert result.exit_code == 0
    said = json.loads(result.output)["said"]
    assert (said["kind"], said["order_id"], said["lines[A]"]) == (
        "created",
        "1001",
        "2 for 1530.00",
    )
    assert said["at"] == "2010-12-01T05:26:00+00:00"
    assert "2 for 1530.00" in offline(*options).output


def test_a_click_that_was_not_found_is_shown(tmp_path: Path) -> None:
    options = [*saved(tmp_path), *body(tmp_path, changed(event("новый"), заказ__метка=None))]
    assert re.search(r"click id +none", offline(*options).output)
    assert json.loads(offline(*options, "--json").output)["said"]["click_id"] is None


def test_a_body_on_disk_that_is_refused(tmp_path: Path) -> None:
    options = [*saved(tmp_path), *body(tmp_path, event("отгружен"))]
    assert "/статус" in offline(*options).output
    result = offline(*options, "--json")
    assert result.exit_code == 1
    refused = json.loads(result.output)["refused"]
    assert (refused["code"], refused["fields"].keys()) == ("event_invalid", {"/статус"})
    result = offline(*saved(tmp_path), *body(tmp_path, b"{"))
    assert "unreadable" in result.output


@pytest.mark.parametrize(
    "recorded",
    ["admitad/publisher-approved/body.form", "admitad/revision-xml/body.xml"],
)
def test_the_shape_of_a_body_on_disk_is_seen_by_how_it_begins(recorded: str) -> None:
    result = offline("--dialect", "admitad", "--from-file", str(ROOT / recorded), "--json")
    assert json.loads(result.output)["refused"] is None


def test_a_body_on_disk_is_bounded(tmp_path: Path) -> None:
    result = offline(*saved(tmp_path), *body(tmp_path, b" " * (MAX_BODY + 1)))
    assert isinstance(result.exception, TooLarge)


# -- wrong usage -----------------------------------------------------------------------------


def test_a_faulty_mapping_is_told_before_anything_is_read(tmp_path: Path) -> None:
    assert isinstance(offline(*saved(tmp_path, typo=1)).exception, MappingInvalid)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--dialect", "klingon"),
        ("--dialect", "mapped"),
        ("--dialect", "native", "--mapping", __file__),
        ("--dialect", "native", "--since", "yesterday"),
        ("--dialect", "native", "--until", "2010-12-01"),
        ("--dialect", "native", "--limit", "0"),
        ("--dialect", "native", "--from-file", "nowhere.json"),
    ],
)
def test_wrong_usage_is_told(arguments: tuple[str, ...]) -> None:
    assert offline(*arguments).exit_code == 2


def test_a_shop_that_is_not_there(world: World) -> None:
    result = run(world, "nowhere", "--dialect", "native")
    assert isinstance(result.exception, ShopNotFound)
