"""A member's own data: all of it to be had, and all that names anybody to be erased."""

import json
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from partners.shops.names import names_of
from tests.clients import Cabinet
from tests.signing_in import PASSWORD, by_password, code_sent, fresh, give_email, give_password
from tests.stories.months import approved, earns, started
from tests.stories.operators import Operator, work
from tests.world import BONUS, Shop, World, created, day
from tracker.kit.database import unit_of_work
from tracker.members.service import Newcomer, join_many
from tracker.privacy.people_cli import build
from tracker.relatives.service import Wish, add, confirm
from tracker.settlement.ports import Outcome
from tracker.settlement.service import start

EMAIL = "anna@club.example"
GRAN = "+79000000091"


@pytest.fixture
def shop(world: World) -> Shop:
    return world.shop()


@pytest.fixture
def member(world: World, shop: Shop) -> int:
    """Has bought something, has a relative, an address and a password."""
    member = fresh(world)
    world.tell(shop, created("A-1", world.click(member, shop, day(0)), 1000, at=day(0)))
    give_email(world, member, EMAIL)
    give_password(world, member)
    with unit_of_work(world.tools.engine) as session:
        wish = Wish(10_000, None, "бабушка")
        made = add(session, world.tools.settings.keys, member, GRAN, wish)
        confirm(session, made.number_id, day(1))
    return member


@pytest.fixture
def client(world: World, member: int) -> Cabinet:
    return world.signed_in(member)


def test_the_export_tells_all(world: World, member: int, client: Cabinet) -> None:
    answer = client.get("/api/v1/me/export")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    told = answer.get_json()
    assert told["member"]["email"] == EMAIL
    phones = {(one["phone"], one["role"]) for one in told["numbers"]}
    assert phones == {(world.phone(member), "own"), (GRAN, "relative")}
    assert told["relatives"][0]["label"] == "бабушка"
    assert told["relatives"][0]["fixed"] == "100.00"
    (purchase,) = told["purchases"]
    assert (purchase["shop"], purchase["order_id"]) == ("Shop", "A-1")
    assert (purchase["stated_total"], purchase["pending_cashback"]) == ("1000.00", "100.00")
    assert purchase["lines"][0]["amount"] == "1000.00"
    assert told["clicks"][0]["cashback_bp"] == "10.00"
    nothing = {"available": "0.00", "in_flight": "0.00", "reserved": "0.00"}
    assert told["balance"] == [{"pending": "300.00", **nothing}]
    assert told["sessions"]
    assert "commission" not in json.dumps(told)


def test_the_export_is_of_ones_own(world: World, client: Cabinet) -> None:
    stranger = world.signed_in(world.member())
    assert stranger.get("/api/v1/me/export").get_json()["purchases"] == []


def asked(client: Cabinet, password: str | None = PASSWORD) -> TestResponse:
    body = {} if password is None else {"password": password}
    return client.post("/api/v1/me/erasure", json=body)


def erased(world: World, client: Cabinet, member: int) -> TestResponse:
    told = asked(client).get_json()
    body = {"code": code_sent(world, world.phone(member)), "gives_up": told["gives_up"]}
    return client.post("/api/v1/me/erasure/confirm", json=body)


TABLES = "members numbers relatives sessions member_passwords notifications claims claim_files"


def everything(world: World) -> str:
    """All rows of all tables that hold personal data, as text; sealed columns in hex."""
    return " ".join(
        str(row.said)
        for table in TABLES.split()
        for row in world.query(f"SELECT to_jsonb(t)::text AS said FROM {table} AS t")
    )


def test_what_names_the_member_is_gone_and_the_books_stay(
    world: World, member: int, client: Cabinet
) -> None:
    phone = world.phone(member)
    told = asked(client).get_json()
    assert told["gives_up"] == "300.00"
    body = {"code": code_sent(world, phone), "gives_up": "300.00"}
    assert client.post("/api/v1/me/erasure/confirm", json=body).status_code == 204

    assert client.get("/api/v1/me").status_code == 401
    assert by_password(world, phone).status_code == 422
    assert by_password(world, EMAIL).status_code == 422
    (row,) = world.query("SELECT * FROM members WHERE id = :id", id=member)
    assert (row.email_sealed, row.email_hash, row.choices) == (None, None, {})
    assert row.erased_at is not None
    numbers = world.query("SELECT sealed FROM numbers WHERE member_id = :id", id=member)
    assert [one.sealed for one in numbers] == [None, None]
    labels = world.query("SELECT label_sealed FROM relatives WHERE member_id = :id", id=member)
    assert [one.label_sealed for one in labels] == [None]
    assert "бабушка" not in everything(world)
    # The entries stay, under a number that names nobody.
    assert world.balance(member).pending == 30_000
    assert world.differences() == []


def test_later_events_of_the_shop_are_booked_and_nothing_is_paid(
    world: World, shop: Shop, member: int, client: Cabinet
) -> None:
    assert erased(world, client, member).status_code == 204
    world.end_holds(day(31))
    assert world.balance(member).available == 30_000
    operator = Operator()
    run = world.settle("2011-01", day(31), operator)
    assert (run.payouts, operator.sent) == (0, [])
    assert world.differences() == []


def test_whoever_comes_back_is_known_to_have_been_here(
    world: World, member: int, client: Cabinet
) -> None:
    phone = world.phone(member)
    erased(world, client, member)
    with unit_of_work(world.tools.engine) as session:
        newcomers = [Newcomer(phone, world.tools.clock.now())]
        now = world.tools.clock.now()
        again = join_many(session, world.tools.settings.keys, newcomers, now)[phone]
    (row,) = world.query("SELECT returned, referrer_id FROM members WHERE id = :id", id=again)
    assert (again != member, row.returned) == (True, True)
    assert world.balance(again).pending == 0


def test_nothing_is_erased_while_a_payment_is_on_its_way(
    world: World, member: int, client: Cabinet
) -> None:
    world.end_holds(day(31))
    started(world)
    work(world, Operator(says=Outcome.UNKNOWN))
    answer = asked(client)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "payment_on_its_way")


def test_a_sealed_list_is_paid_to_all_others(world: World, shop: Shop, member: int) -> None:
    other = world.member()
    earns(world, shop, member, 500)
    earns(world, shop, other, 150)
    approved(world)
    client = world.signed_in(member)
    assert len(world.query("SELECT FROM payouts WHERE member_id = :id", id=member)) == 2
    assert erased(world, client, member).status_code == 204
    with unit_of_work(world.tools.engine) as session:
        start(session, "2011-01")
    operator = Operator()
    work(world, operator)
    assert operator.total == 15_000 + BONUS
    rows = world.query(
        "SELECT DISTINCT state, reason FROM payouts WHERE member_id = :id", id=member
    )
    assert [tuple(row) for row in rows] == [("withheld", "member_changed")]
    assert world.differences() == []


@pytest.mark.parametrize("password", [None, "wrong", ""])
def test_a_hijacked_session_erases_nobody(client: Cabinet, password: str | None) -> None:
    assert asked(client, password).status_code == 422


def test_what_is_lost_has_to_be_known(world: World, member: int, client: Cabinet) -> None:
    asked(client)
    code = code_sent(world, world.phone(member))
    url = "/api/v1/me/erasure/confirm"
    for wrong in ("0.00", "299.99"):
        answer = client.post(url, json={"code": code, "gives_up": wrong})
        assert answer.get_json()["code"] == "balance_differs"
    assert client.post(url, json={"code": "000000", "gives_up": "300.00"}).status_code == 422
    # A code is this session's alone.
    other = world.signed_in(member)
    assert other.post(url, json={"code": code, "gives_up": "300.00"}).status_code == 409
    assert client.post(url, json={"code": code, "gives_up": "300.00"}).status_code == 204


def command(world: World, *words: str, said: str | None = None) -> Any:
    made = build(names_of)
    return CliRunner().invoke(made, list(words), obj=lambda: world.tools, input=said)


def test_staff_do_it_for_whoever_writes_a_letter(world: World, member: int) -> None:
    result = command(world, "export", str(member), "--reason", "letter of 1 March")
    assert json.loads(result.stdout)["member"]["email"] == EMAIL
    refused = command(world, "erase", str(member), "--reason", "letter", "--gives-up", "1.00")
    assert refused.exception is not None
    result = command(world, "erase", str(member), "--reason", "letter", said="y\n")
    assert result.exit_code == 0, result.output
    acts = world.query("SELECT action, subject FROM audit_entries ORDER BY id")
    assert [(one.action, one.subject) for one in acts] == [
        ("member.export", f"member {member}"),
        ("member.erase", f"member {member}"),
    ]
    assert command(world, "erase", str(member), "--reason", "again").exit_code != 0
