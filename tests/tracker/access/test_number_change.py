"""Another number: both prove themselves; the money goes with the member and never with a number."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.clients import Cabinet
from tests.obedient import ObedientBilling
from tests.signing_in import (
    PASSWORD,
    answer_code,
    ask_code,
    at,
    by_code,
    by_password,
    code_sent,
    fresh,
    give_email,
    give_password,
    notices,
    other,
    proved,
    works,
)
from tests.world import World, confirmed, created, day

NEW = "+79001234567"
EMAIL = "anna@example.org"


@pytest.fixture
def member(world: World) -> int:
    """A member with a number, an address and a password."""
    return known(world)


def known(world: World, email: str = EMAIL) -> int:
    member = fresh(world)
    give_password(world, member)
    give_email(world, member, email)
    return member


def ask(app: Cabinet, phone: str = NEW, **more: Any) -> TestResponse:
    return app.post("/api/v1/number", json={"phone": phone, "password": PASSWORD, **more})


def answer(app: Cabinet, change: str, old: str | None, new: str | None) -> TestResponse:
    given = {"old_code": old, "new_code": new}
    body = {"change": change} | {name: code for name, code in given.items() if code is not None}
    return app.post("/api/v1/number/answer", json=body)


def change(world: World, app: Cabinet, member: int, phone: str = NEW) -> TestResponse:
    """Ask for another number, and answer both codes."""
    old = world.phone(member)
    begun = ask(app, phone)
    assert begun.status_code == 202, begun.get_json()
    codes = code_sent(world, old), code_sent(world, phone)
    return answer(app, begun.get_json()["change"], *codes)


def test_both_numbers_prove_themselves(world: World, member: int) -> None:
    app, elsewhere, old = world.signed_in(member), world.signed_in(member), world.phone(member)
    assert change(world, app, member).status_code == 204
    assert world.phone(member) == NEW
    rows = world.query("SELECT end_reason, proved_at IS NOT NULL AS p FROM numbers ORDER BY id")
    assert [(row.end_reason, row.p) for row in rows] == [("changed", True), (None, True)]
    assert works(world, app.token)
    assert not works(world, elsewhere.token)
    assert "number_changed" in notices(world, member)
    assert by_password(world, NEW).status_code == 200
    assert by_password(world, old).status_code == 422
    assert by_code(world, old).status_code == 422


def test_the_codes_are_two(world: World, member: int) -> None:
    app = world.signed_in(member)
    said = ask(app).get_json()
    old, new = code_sent(world, world.phone(member)), code_sent(world, NEW)
    if old != new:
        swapped = answer(app, said["change"], new, old)
        assert swapped.status_code == 422
    assert world.phone(member) != NEW


def test_a_right_code_is_not_asked_for_again(world: World, member: int) -> None:
    app = world.signed_in(member)
    name = ask(app).get_json()["change"]
    old, new = code_sent(world, world.phone(member)), code_sent(world, NEW)
    first = answer(app, name, old, other(new))
    assert first.status_code == 422
    assert first.get_json()["errors"] == [{"field": "new_code", "reason": "wrong"}]
    assert answer(app, name, None, None).status_code == 422
    assert answer(app, name, other(old), new).status_code == 204
    assert world.phone(member) == NEW


def test_one_code_alone_changes_nothing(world: World, member: int) -> None:
    app = world.signed_in(member)
    name = ask(app).get_json()["change"]
    new = code_sent(world, NEW)
    assert answer(app, name, None, new).status_code == 422
    assert world.phone(member) != NEW


def test_a_change_is_made_once(world: World, member: int) -> None:
    app = world.signed_in(member)
    name = ask(app).get_json()["change"]
    codes = code_sent(world, world.phone(member)), code_sent(world, NEW)
    with ThreadPoolExecutor(6) as pool:
        said = [one.status_code for one in pool.map(lambda _: answer(app, name, *codes), range(6))]
    assert said.count(204) == 1
    assert set(said) <= {204, 409, 422}
    assert world.query("SELECT count(*) AS count FROM numbers")[0].count == 2


def test_no_sign_in_by_the_old_number_outlives_it(world: World, member: int) -> None:
    app, old = world.signed_in(member), world.phone(member)
    flows = []
    for _ in range(4):
        sign_in = ask_code(world, old)
        flows.append((sign_in, code_sent(world, old)))
    name = ask(app).get_json()["change"]
    codes = code_sent(world, old), code_sent(world, NEW)
    with ThreadPoolExecutor(5) as pool:
        tries = [pool.submit(answer_code, world, *flow) for flow in flows[:2]]
        done = pool.submit(answer, app, name, *codes)
        tries += [pool.submit(answer_code, world, *flow) for flow in flows[2:]]
    assert done.result().status_code == 204
    tokens = [one.result().get_json().get("token") for one in tries]
    assert not any(works(world, token) for token in tokens if token)


def test_without_the_password_no_code_goes_out(world: World, member: int) -> None:
    app = world.signed_in(member)
    wrong = app.post("/api/v1/number", json={"phone": NEW, "password": "Wrong-password-1"})
    assert (wrong.status_code, wrong.get_json()["code"]) == (422, "password_wrong")
    assert world.query("SELECT id FROM one_time_codes") == []
    for _ in range(9):
        app.post("/api/v1/number", json={"phone": NEW, "password": "Wrong-password-1"})
    assert ask(app).status_code == 429
    nobody = world.signed_in(fresh(world))
    assert ask(nobody).get_json()["code"] == "no_password"


def test_a_change_belongs_to_its_session(world: World, member: int) -> None:
    app = world.signed_in(member)
    name = ask(app).get_json()["change"]
    codes = code_sent(world, world.phone(member)), code_sent(world, NEW)
    for stranger in (world.signed_in(known(world, "b@example.org")), world.signed_in(member)):
        refused = answer(stranger, name, *codes)
        assert (refused.status_code, refused.get_json()["code"]) == (409, "begin_again")


def test_a_lost_number_is_proved_by_the_address(world: World, member: int) -> None:
    app = world.signed_in(member)
    said = ask(app, lost=True).get_json()
    assert said["old"] == "email"
    done = answer(app, said["change"], code_sent(world, EMAIL), code_sent(world, NEW))
    assert done.status_code == 204
    assert world.phone(member) == NEW


def test_without_an_address_support_has_to_help(world: World) -> None:
    member = fresh(world)
    give_password(world, member)
    refused = ask(world.signed_in(member), lost=True)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "ask_support")


def test_ones_own_number_is_none_to_change_to(world: World, member: int) -> None:
    refused = ask(world.signed_in(member), world.phone(member))
    assert (refused.status_code, refused.get_json()["code"]) == (422, "number_not_new")


def test_anothers_number_looks_the_same_and_is_never_taken(world: World, member: int) -> None:
    another = known(world, "boris@example.org")
    taken = world.phone(another)
    app = world.signed_in(member)
    free, used = ask(app).get_json(), ask(app, taken).get_json()
    assert set(free) == set(used)
    assert len(free["change"]) == len(used["change"])
    codes = code_sent(world, world.phone(member)), code_sent(world, taken)
    refused = answer(app, used["change"], *codes)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "number_in_use")
    assert world.phone(another) == taken
    assert world.phone(member) != taken


def test_a_number_not_proved_for_long_is_taken_over_without_its_money(world: World) -> None:
    """A recycled number: its new holder is a member already, and changes to it."""
    shop = world.shop()
    former, holder = known(world), known(world, "boris@example.org")
    click = world.click(former, shop)
    world.tell(shop, created("A-1", click, 1000, at=day(1)))
    world.tell(shop, confirmed("A-1", at=day(2)))
    before = world.balance(former)
    assert before.available > 0
    proved(world, former, world.tools.clock.now() - timedelta(days=60))
    number, elsewhere = world.phone(former), world.signed_in(former)
    assert change(world, world.signed_in(holder), holder, number).status_code == 204
    assert world.phone(holder) == number
    assert world.balance(former) == before
    assert world.balance(holder).available == 0
    assert not works(world, elsewhere.token)
    assert "number_changed" in notices(world, former)
    # The former owner comes back by address and password, and sets another number.
    token = by_password(world, EMAIL).get_json()["token"]
    back = Cabinet(world.app, token)
    said = ask(back, "+79007654321").get_json()
    assert said["old"] == "email"
    codes = code_sent(world, EMAIL), code_sent(world, "+79007654321")
    assert answer(back, said["change"], *codes).status_code == 204
    assert world.balance(former) == before
    assert world.differences() == []


def test_what_was_sealed_for_the_old_number_is_withheld(world: World, member: int) -> None:
    shop = world.shop()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
    world.tell(shop, confirmed("A-1", at=day(2)))
    before = world.balance(member)
    run = world.prepare("2011-01", day(31))
    assert run.total == before.available
    assert change(world, world.signed_in(member), member).status_code == 204
    billing = ObedientBilling()
    world.settle("2011-01", day(31), billing)
    assert billing.paid == {}
    assert world.balance(member) == before
    (row,) = world.query("SELECT state, reason FROM payouts")
    assert row.reason == "member_changed"
    assert world.differences() == []


def test_a_change_that_takes_too_long_begins_again(world: World, member: int) -> None:
    """Codes and changes go by the clock on the wall, whatever the business clock says."""
    app = world.signed_in(member)
    name = ask(app).get_json()["change"]
    world.change("UPDATE one_time_codes SET expires_at = now() - interval '1 second'")
    codes = code_sent(world, world.phone(member)), code_sent(world, NEW)
    late = answer(app, name, *codes)
    assert (late.status_code, late.get_json()["code"]) == (409, "code_not_alive")
    assert at(world, world.tools.clock.now()).phone(member) != NEW
