"""Certificates over HTTP, as a member's app sees them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.clients import Cabinet
from tests.signing_in import at
from tests.tracker.certificates.saving import NOW, give_back_of, issued, rich, save, states
from tests.world import Shop, World, rubles
from tracker.certificates.api import CODES_AN_HOUR
from tracker.certificates.codes import code_hashes, read_code

URL = "/api/v1/certificates"


@pytest.fixture
def member(world: World, shop: Shop) -> int:
    """A member with 3,000.00."""
    return rich(world, shop, 3_000)


@pytest.fixture
def app(world: World, member: int) -> Cabinet:
    """The member's app, a week later."""
    return at(world, NOW).signed_in(member)


def ordered(app: Cabinet, amount: str = "1000.00", **body: Any) -> list[dict[str, Any]]:
    response = app.post(URL, json={"amount": amount, **body})
    assert response.status_code == 201, response.get_json()
    items: list[dict[str, Any]] = response.get_json()["items"]
    return items


def code_of(app: Cabinet, certificate: int) -> dict[str, Any]:
    response = app.post(f"{URL}/{certificate}/code")
    assert response.status_code == 200, response.get_json()
    told: dict[str, Any] = response.get_json()
    return told


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, response.get_json()["code"]


def test_from_the_goal_to_the_code(world: World, member: int, app: Cabinet) -> None:
    goal = save(world, member, 1_000)
    (one,) = ordered(app, goal_id=goal)
    assert one["state"] == "ordered"
    assert (one["amount"], one["from_goal"], one["goal_id"]) == ("1000.00", "1000.00", goal)
    assert (one["expires_at"], one["issued_at"], one["codes"]) == (None, None, 0)
    path = f"{URL}/{one['id']}"
    assert refused(app.post(f"{path}/code")) == (409, "certificate_not_ready")
    assert refused(app.post(f"{path}/paper")) == (409, "certificate_not_ready")
    issued(world, NOW)
    assert app.get(path).get_json()["state"] == "issued"
    told = code_of(app, one["id"])
    assert (told["id"], told["amount"], told["expires_at"]) == (one["id"], "1000.00", None)
    assert [len(part) for part in told["code"].split("-")] == [5] * 5
    assert app.get(path).get_json()["codes"] == 1
    assert told["code"] not in app.get(path).text
    assert app.get(URL).get_json() == {"items": [app.get(path).get_json()], "next": None}


def test_a_code_is_kept_nowhere_and_the_last_is_good(world: World, app: Cabinet) -> None:
    (one,) = ordered(app)
    issued(world, NOW)
    codes = [read_code(code_of(app, one["id"])["code"]) for _ in range(3)]
    assert len(set(codes)) == 3
    (row,) = world.query("SELECT code_hash, codes, t::text AS whole FROM certificates AS t")
    keys = world.tools.settings.keys
    assert [bytes(row.code_hash) in code_hashes(keys, str(code)) for code in codes] == [
        False,
        False,
        True,
    ]
    assert row.codes == 3
    for table in ("certificates", "notifications"):
        whole = str(world.query(f"SELECT t::text AS whole FROM {table} AS t"))
        assert not [code for code in codes if str(code) in whole.upper()], table


def test_on_paper(world: World, app: Cabinet) -> None:
    (one,) = ordered(app)
    issued(world, NOW)
    first = code_of(app, one["id"])["code"]
    response = app.post(f"{URL}/{one['id']}/paper")
    assert (response.status_code, response.mimetype) == (200, "application/pdf")
    assert response.data.startswith(b"%PDF-")
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["Cache-Control"] == "no-store"
    (row,) = world.query("SELECT code_hash, codes FROM certificates")
    hashes = code_hashes(world.tools.settings.keys, str(read_code(first)))
    assert (bytes(row.code_hash) in hashes, row.codes) == (False, 2)


def test_a_paper_that_cannot_be_written_kills_no_code(
    world: World, app: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = ordered(app)
    issued(world, NOW)
    code_of(app, one["id"])
    (before,) = world.query("SELECT code_hash FROM certificates")

    def broken(_: object) -> bytes:
        raise RuntimeError

    monkeypatch.setattr("tracker.certificates.api.certificate_pdf", broken)
    assert app.post(f"{URL}/{one['id']}/paper").status_code == 500
    assert world.query("SELECT code_hash FROM certificates") == [before]


def test_the_key_of_an_order(world: World, app: Cabinet) -> None:
    def send(key: str, amount: str = "100.00") -> Any:
        return app.post(URL, json={"amount": amount}, headers={"Idempotency-Key": key})

    first, again = send("a-1"), send("a-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    assert refused(send("a-1", "250.00")) == (409, "order_key_used")
    assert send("a-2").get_json() != first.get_json()
    assert send("~" * 64).status_code == 201
    for bad in ("~" * 65, "a b", "é"):
        assert refused(send(bad)) == (422, "invalid"), bad
    assert len(states(world)) == 3


@pytest.mark.parametrize("amount", ["0", "99.99", "100.01", "150.00", "2999.00", "80500.00"])
def test_another_sum_is_refused_and_the_nearest_two_are_named(app: Cabinet, amount: str) -> None:
    response = app.post(URL, json={"amount": amount})
    assert refused(response) == (422, "not_a_denomination")
    assert "the nearest" in response.get_json()["detail"]
    assert response.get_json()["errors"][0]["field"] == "amount"


def test_a_larger_sum_is_split_when_asked_to(app: Cabinet) -> None:
    assert [one["amount"] for one in ordered(app, "1350.00", split=True)] == [
        "1000.00",
        "250.00",
        "100.00",
    ]
    assert refused(app.post(URL, json={"amount": "150.00", "split": True})) == (
        422,
        "cannot_be_split",
    )


def test_what_else_is_refused(world: World, shop: Shop, member: int, app: Cabinet) -> None:
    goal = save(world, member, 3_000)
    other = at(world, NOW).signed_in(rich(world, shop, 300))
    too_little = app.post(URL, json={"amount": "100.00"})
    assert refused(too_little) == (409, "not_enough_saved")
    assert "goal" not in too_little.get_json()["detail"]
    assert refused(other.post(URL, json={"amount": "100.00", "goal_id": goal})) == (
        404,
        "goal_not_found",
    )
    for body in ({}, {"amount": 100}, {"amount": "100.00", "goal_id": "1"}, {"amount": "-100.00"}):
        assert app.post(URL, json=body).status_code == 422
    assert states(world) == []


def test_too_many_a_day(app: Cabinet) -> None:
    for _ in range(10):
        ordered(app, "100.00")
    response = app.post(URL, json={"amount": "100.00"})
    assert refused(response) == (429, "too_many_certificates")
    assert 0 < int(response.headers["Retry-After"]) <= 86_400


def test_large_first_ones_wait_for_staff(world: World, shop: Shop) -> None:
    app = at(world, NOW).signed_in(rich(world, shop, 10_300))
    assert ordered(app, "9500.00")[0]["state"] == "ordered"
    (one,) = ordered(app, "500.00")
    issued(world, NOW)
    assert app.get(f"{URL}/{one['id']}").get_json()["state"] == "review"
    assert refused(app.post(f"{URL}/{one['id']}/code")) == (409, "certificate_not_ready")


def test_what_is_over_has_no_code(world: World, app: Cabinet) -> None:
    first, second = (ordered(app, "100.00")[0]["id"] for _ in range(2))
    issued(world, NOW, valid_days=1)
    code_of(app, first)
    give_back_of(world, first)
    assert refused(app.post(f"{URL}/{first}/code")) == (409, "certificate_over")
    (row,) = world.query("SELECT code_hash FROM certificates WHERE id = :id", id=first)
    assert row.code_hash is None
    later = at(world, NOW + timedelta(days=3))
    aged = Cabinet(later.app, app.token)
    assert refused(aged.post(f"{URL}/{second}/code")) == (409, "certificate_over")
    assert refused(aged.post(f"{URL}/{second}/paper")) == (409, "certificate_over")


def test_anothers_is_nobodys(world: World, shop: Shop, app: Cabinet) -> None:
    (one,) = ordered(app)
    issued(world, NOW)
    stranger = at(world, NOW).signed_in(rich(world, shop, 300))
    path = f"{URL}/{one['id']}"
    for asked in (
        stranger.get(path),
        stranger.post(f"{path}/code"),
        stranger.post(f"{path}/paper"),
        stranger.get(f"{URL}/{one['id'] + 1}"),
    ):
        assert refused(asked) == (404, "certificate_not_found")
    assert stranger.get(URL).get_json() == {"items": [], "next": None}
    assert world.query("SELECT codes FROM certificates")[0].codes == 0


def test_codes_are_not_asked_for_without_end(world: World, app: Cabinet) -> None:
    (one,) = ordered(app)
    issued(world, NOW)
    for _ in range(CODES_AN_HOUR):
        code_of(app, one["id"])
    for what in ("code", "paper"):
        response = app.post(f"{URL}/{one['id']}/{what}")
        assert refused(response) == (429, "too_many_requests")
    assert world.query("SELECT codes FROM certificates")[0].codes == CODES_AN_HOUR


def test_pages(app: Cabinet) -> None:
    made = [ordered(app, "100.00")[0]["id"] for _ in range(5)]
    page = app.get(f"{URL}?limit=2").get_json()
    assert [one["id"] for one in page["items"]] == made[:-3:-1]
    rest = app.get(f"{URL}?limit=3&cursor={page['next']}").get_json()
    assert [one["id"] for one in rest["items"]] == made[2::-1]
    assert rest["next"] is None


def test_the_sums_there_are(app: Cabinet) -> None:
    found = app.get(f"{URL}/denominations").get_json()["items"]
    assert (len(found), found[0], found[-1]) == (163, "100.00", "80000.00")


def test_what_was_saved_is_not_paid_by_the_month(world: World, member: int, app: Cabinet) -> None:
    save(world, member, 2_000)
    ordered(app, "500.00")
    world.settle("2011-01", NOW + timedelta(days=26))
    assert world.balance(member).reserved == rubles(2_000)
    assert world.balance(member).available == 0
    assert world.differences() == []


def test_the_export_has_them_without_a_code(world: World, app: Cabinet) -> None:
    (one,) = ordered(app)
    issued(world, NOW)
    code = code_of(app, one["id"])["code"]
    told = app.get("/api/v1/me/export")
    (kept,) = told.get_json()["certificates"]
    assert (kept["id"], kept["amount"], kept["state"]) == (one["id"], "1000.00", "issued")
    assert "code_hash" not in kept
    assert code not in told.text
