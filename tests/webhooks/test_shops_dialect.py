"""A shop's dialect as staff see and set it, by command and by API; and what comes of it."""

import json
from pathlib import Path
from secrets import token_hex
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from partners.credentials.rules import Secret
from tests.webhooks.mapping.samples import FORM, MAPPING, changed, event, given_back
from tests.world import World, created, day, rubles
from tracker.kit.database import unit_of_work
from tracker.kit.errors import TrackerError
from tracker.ledger.service import Balance
from tracker.staff.rules import Role, RoleTooLow
from tracker.staff.service import hire
from webhooks.dialects import NAMES
from webhooks.mapping.schema import MAX_MAPPING, MappingInvalid
from webhooks.onboarding.cli import dialect_of

SETTINGS = "SELECT dialect FROM shop_dialects ORDER BY id"
ACTS = "SELECT who, action, subject, before, after FROM audit_entries ORDER BY id"


def saved(folder: Path, mapping: Any) -> str:
    """The name of a file with a mapping in it."""
    path = folder / "mapping.json"
    path.write_text(mapping if isinstance(mapping, str) else json.dumps(mapping))
    return str(path)


def token(world: World, role: Role) -> str:
    with unit_of_work(world.tools.engine) as session:
        login = str(role) if role is Role.ADMIN else f"{role}-{token_hex(4)}"
        return hire(session, world.tools.settings.keys, login, role)


def run(world: World, *arguments: str) -> Result:
    command = click.Group(commands=[dialect_of])
    return CliRunner().invoke(command, ["dialect", *arguments], obj=lambda: world.tools)


def told(world: World, *arguments: str) -> dict[str, Any]:
    result = run(world, *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_a_shop_of_its_own_make_from_the_door_to_the_proof(world: World, tmp_path: Path) -> None:
    """Decimal commas and Russian status words, down to the ledger proof."""
    shop, member = world.shop(cashback=1000, commission=1200), world.member()
    click_id = world.click(member, shop)
    told(world, shop.slug, "mapped", "--mapping", saved(tmp_path, MAPPING))
    order = {"заказ": {**event("новый")["заказ"], "метка": click_id}}
    world.tell(shop, event("новый") | order)
    bonus = 20_000
    assert world.balance(member) == Balance(15_300 + 10_999 + bonus, 0, 0)
    world.tell(shop, event("собирается", "01.12.2010 09:00") | order)
    delivered = event("доставлен", "5.12.2010 18:00", итого="2 629,90") | order
    world.tell(shop, delivered)
    assert world.balance(member).available >= 15_300 + 10_999
    back = event("возврат", "06.12.2010 10:00", причина="брак", **given_back(("A", "765,00")))
    world.tell(shop, back | order)
    (purchase,) = world.query("SELECT * FROM purchases")
    assert (purchase.order_id, purchase.status) == ("1001", "confirmed")
    assert purchase.confirmed_cashback == 7_650 + 10_999
    assert [row.state for row in world.query("SELECT DISTINCT state FROM inbox_events")] == ["done"]
    assert world.differences() == []


def test_a_faulty_event_is_refused_by_the_names_of_the_shops_own_fields(
    world: World, tmp_path: Path
) -> None:
    shop = world.shop()
    told(world, shop.slug, "mapped", "--mapping", saved(tmp_path, MAPPING))
    faulty = changed(event("отгружен"), когда="2010-12-01")
    answer = world.post(shop, faulty)
    assert answer.status_code == 422
    (fault,) = answer.get_json()["errors"]
    assert fault["field"] == "/статус"
    assert fault["reason"].startswith("'отгружен' is not among the mapping's words: возврат, ")
    answer = world.post(shop, created("A-1", None, 10, at=day(1)))
    assert answer.status_code == 422
    assert world.query("SELECT * FROM inbox_events") == []


def test_a_form_without_a_proof_of_its_amounts_confirms_nothing(
    world: World, tmp_path: Path
) -> None:
    shop, member = world.shop(hold_days=30), world.member()
    click_id = world.click(member, shop)
    always = changed(FORM, kind={"always": ["created", "confirmed"]})
    told(world, shop.slug, "mapped", "--mapping", saved(tmp_path, always))
    key = Secret(0, shop.secret).shown["url_key"]
    query = f"order=A-1&sub={click_id}&time=1291191965&sum=153000&key={key}"
    assert world.client().get(f"/webhooks/{shop.slug}?{query}").status_code == 202
    world.work()
    (purchase,) = world.query("SELECT * FROM purchases")
    assert (purchase.status, purchase.pending_cashback) == ("pending", rubles(153))
    assert world.differences() == []


def test_a_shop_speaks_our_own_dialect_until_told_otherwise(world: World) -> None:
    shop = world.shop()
    found = told(world, shop.slug)
    assert (found["dialect"], found["mapping"], found["shapes"]) == ("native", None, ["json"])
    (scheme,) = found["schemes"]
    assert (scheme["name"], scheme["trusted"]) == ("standard-webhooks", True)
    assert "who wrote every byte" in scheme["proves"]
    assert "standard-webhooks" in run(world, shop.slug).output


def test_keys_in_addresses_are_told_apart_by_their_fields(world: World) -> None:
    shop = world.shop()
    found = told(world, shop.slug, "admitad")
    keys = [one["field"] for one in found["schemes"] if one["name"] == "url-key"]
    assert sorted(keys) == ["key", "postback_key"]


def test_no_break_spaces_of_a_mapping_can_be_seen(world: World, tmp_path: Path) -> None:
    shop = world.shop()
    mapping = changed(MAPPING, numbers__thousands=["\u00a0", "\u202f"])
    run(world, shop.slug, "mapped", "--mapping", saved(tmp_path, mapping))
    output = run(world, shop.slug).output
    assert '"\\u00a0"' in output
    assert '"\\u202f"' in output


def test_a_change_is_told_saved_and_audited(world: World, tmp_path: Path) -> None:
    shop = world.shop()
    path = saved(tmp_path, MAPPING)
    found = told(world, shop.slug, "mapped", "--mapping", path)
    assert (found["was"], found["dialect"], found["saved"]) == ("native", "mapped", True)
    assert found["changes"]["/kind/words/новый"] == {"old": None, "new": "created"}
    again = told(world, shop.slug, "mapped", "--mapping", path)
    assert (again["saved"], again["changes"]) == (False, {})
    saved(tmp_path, changed(MAPPING, numbers__decimal=".", reasons__бой="other"))
    third = told(world, shop.slug, "mapped", "--mapping", path)
    assert third["changes"] == {
        "/numbers/decimal": {"old": ",", "new": "."},
        "/reasons/бой": {"old": None, "new": "other"},
    }
    assert told(world, shop.slug)["mapping"]["numbers"]["decimal"] == "."
    assert told(world, shop.slug, "native")["was"] == "mapped"
    assert [row.dialect for row in world.query(SETTINGS)] == ["mapped", "mapped", "native"]
    acts = world.query(ACTS)
    assert {(row.action, row.subject) for row in acts} == {("shop.dialect", f"shop:{shop.slug}")}
    assert all(row.who.startswith("console:") for row in acts)
    assert [(row.before["dialect"], row.after["dialect"]) for row in acts] == [
        ("native", "mapped"),
        ("mapped", "mapped"),
        ("mapped", "native"),
    ]


def test_people_see_what_changed(world: World, tmp_path: Path) -> None:
    shop = world.shop()
    path = saved(tmp_path, MAPPING)
    assert "standard-webhooks" in run(world, shop.slug, "mapped", "--mapping", path).output
    assert "nothing changes" in run(world, shop.slug, "mapped", "--mapping", path).output
    saved(tmp_path, changed(MAPPING, reasons__бой="other"))
    assert "/reasons/бой" in run(world, shop.slug, "mapped", "--mapping", path).output
    shown = run(world, shop.slug).output
    assert '"новый": "created"' in shown
    assert "header-key" in shown


def test_a_check_saves_nothing(world: World, tmp_path: Path) -> None:
    shop = world.shop()
    found = told(world, shop.slug, "mapped", "--mapping", saved(tmp_path, MAPPING), "--check")
    assert (found["saved"], found["was"]) == (False, "native")
    assert found["changes"]
    assert world.query(SETTINGS) == []
    assert world.query(ACTS) == []


@pytest.mark.parametrize("more", [(), ("--check",)])
def test_a_faulty_mapping_is_not_saved(world: World, tmp_path: Path, more: tuple[str, ...]) -> None:
    shop = world.shop()
    path = saved(tmp_path, changed(MAPPING, numbers__unit="dollars", typo=1))
    error = run(world, shop.slug, "mapped", "--mapping", path, *more).exception
    assert isinstance(error, MappingInvalid)
    assert error.fields.keys() == {"/numbers/unit", "/typo"}
    assert world.query(SETTINGS) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1, "a": 2}', " " * (MAX_MAPPING + 1)])
def test_a_file_that_is_no_mapping(world: World, tmp_path: Path, text: str) -> None:
    shop = world.shop()
    result = run(world, shop.slug, "mapped", "--mapping", saved(tmp_path, text))
    assert isinstance(result.exception, TrackerError)
    assert world.query(SETTINGS) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("mapped",),
        ("native", "--mapping", "FILE"),
        ("--check",),
        ("--mapping", "FILE"),
        ("klingon",),
        ("mapped", "--mapping", "nowhere.json"),
    ],
)
def test_wrong_usage_is_told(world: World, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    file = saved(tmp_path, MAPPING)
    given = [file if one == "FILE" else one for one in arguments]
    result = run(world, world.shop().slug, *given)
    assert result.exit_code == 2
    assert "Usage" in result.output


def test_the_help_names_the_dialects(world: World) -> None:
    shown = run(world, "--help").output
    assert all(name in shown for name in NAMES)


def test_a_shop_that_is_not_there(world: World) -> None:
    assert isinstance(run(world, "nowhere").exception, TrackerError)
    assert isinstance(run(world, "nowhere", "native").exception, TrackerError)


def test_a_token_of_a_lower_role_changes_nothing(world: World) -> None:
    shop = world.shop()
    result = run(world, shop.slug, "impact", "--token", token(world, Role.APPROVER))
    assert isinstance(result.exception, RoleTooLow)
    told(world, shop.slug, "impact", "--token", token(world, Role.ADMIN))
    assert [row.who for row in world.query(ACTS)] == ["admin"]
