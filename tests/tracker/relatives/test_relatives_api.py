"""`/api/v1/relatives`: added by the member, confirmed by the owner of the number."""

from typing import Any

import pytest

from tests.clients import Cabinet
from tests.signing_in import code_sent, notices, other
from tests.world import World, created, day

GRAN, SON = "+79000000091", "+79000000092"
URL = "/api/v1/relatives"


@pytest.fixture
def member(world: World) -> int:
    return world.member()


@pytest.fixture
def client(world: World, member: int) -> Cabinet:
    return world.signed_in(member)


def added(client: Cabinet, phone: str = GRAN, **wish: Any) -> Any:
    body = {"phone": phone, **(wish or {"fixed_amount": "100.00"})}
    response = client.post(URL, json=body)
    assert response.status_code == 201, response.get_json()
    return response.get_json()


def confirmed(world: World, client: Cabinet, phone: str = GRAN, **wish: Any) -> int:
    made = added(client, phone, **wish)
    answer = client.post(f"{URL}/{made['id']}/confirm", json={"code": code_sent(world, phone)})
    assert answer.get_json()["state"] == "active"
    return int(made["id"])


def test_a_relatives_number_is_paid_once_its_owner_has_confirmed_it(
    world: World, member: int, client: Cabinet
) -> None:
    """The story of the issue: through HTTP, from the webhook to the relative's phone."""
    shop = world.shop()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(0)))
    world.end_holds(day(31))
    made = added(client, "8 900 000-00-91", fixed_amount="100.00", label="бабушка")
    assert (made["state"], made["phone"], made["label"]) == ("unconfirmed", GRAN, "бабушка")
    answer = client.post(f"{URL}/{made['id']}/confirm", json={"code": code_sent(world, GRAN)})
    assert answer.get_json()["state"] == "active"
    world.settle("2011-01", day(31))
    paid = {one.phone: one.amount for one in world.billing.paid.values()}
    assert paid == {GRAN: 10_000, world.phone(member): 20_000}
    assert world.differences() == []


def test_the_member_is_told_that_money_goes_elsewhere(
    world: World, member: int, client: Cabinet
) -> None:
    confirmed(world, client)
    assert notices(world, member)[-1] == "relative_added"


def test_codes_are_right_once_and_not_for_ever(world: World, client: Cabinet) -> None:
    made = added(client)
    url, code = f"{URL}/{made['id']}/confirm", code_sent(world, GRAN)
    for _ in range(5):
        answer = client.post(url, json={"code": other(code)})
        assert (answer.status_code, answer.get_json()["code"]) == (422, "code_wrong")
    assert client.post(url, json={"code": code}).status_code == 409
    assert client.get(URL).get_json()["items"][0]["state"] == "unconfirmed"


def test_another_code_is_sent_after_a_while(world: World, client: Cabinet) -> None:
    made = added(client)
    answer = client.post(f"{URL}/{made['id']}/resend")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    confirmed(world, client, SON)
    assert client.post(f"{URL}/2/resend").status_code == 409


def test_the_list_is_changed(world: World, client: Cabinet) -> None:
    gran = confirmed(world, client, GRAN)
    son = confirmed(world, client, SON, share_percent="50.00", label="сын")
    changed = client.patch(f"{URL}/{son}", json={"share_percent": "25.00", "place": 1})
    assert (changed.get_json()["share_percent"], changed.get_json()["label"]) == ("25.00", "сын")
    shown = client.get(URL).get_json()["items"]
    assert [(one["id"], one["place"]) for one in shown] == [(son, 1), (gran, 2)]
    assert client.delete(f"{URL}/{gran}").status_code == 204
    assert client.delete(f"{URL}/{gran}").status_code == 404
    assert [one["id"] for one in client.get(URL).get_json()["items"]] == [son]
    # Taken off the list, the number can be put on it again, and is to be confirmed again.
    assert added(client, GRAN)["state"] == "unconfirmed"


def test_others_relatives_are_not_there(world: World, client: Cabinet) -> None:
    mine = confirmed(world, client)
    stranger = world.signed_in(world.member())
    code = {"code": "000000"}
    assert stranger.get(URL).get_json()["items"] == []
    assert stranger.patch(f"{URL}/{mine}", json={"fixed_amount": "1.00"}).status_code == 404
    assert stranger.delete(f"{URL}/{mine}").status_code == 404
    assert stranger.post(f"{URL}/{mine}/resend").status_code == 404
    assert stranger.post(f"{URL}/{mine}/confirm", json=code).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"phone": GRAN},
        {"phone": "nobody", "fixed_amount": "1.00"},
        {"phone": GRAN, "fixed_amount": "0.99"},
        {"phone": GRAN, "fixed_amount": 100},
        {"phone": GRAN, "share_percent": "0.00"},
        {"phone": GRAN, "share_percent": "100.01"},
        {"phone": GRAN, "fixed_amount": "1.00", "share_percent": "1.00"},
        {"phone": GRAN, "fixed_amount": "1.00", "label": "x" * 41},
        {"phone": GRAN, "fixed_amount": "1.00", "label": "a\nb"},
        {"phone": GRAN, "fixed_amount": "1.00", "state": "active"},
        {"phone": GRAN, "fixed_amount": "1.00", "proved_at": "2010-01-01T00:00:00Z"},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(world: World, client: Cabinet, body: Any) -> None:
    assert client.post(URL, json=body).status_code == 422
    assert world.query("SELECT FROM relatives") == []


def test_limits_of_the_list(world: World, member: int, client: Cabinet) -> None:
    own = client.post(URL, json={"phone": world.phone(member), "fixed_amount": "1.00"})
    assert own.get_json()["code"] == "own_number"
    added(client, GRAN, share_percent="60.00")
    twice = client.post(URL, json={"phone": GRAN, "fixed_amount": "1.00"})
    assert twice.get_json()["code"] == "relative_known"
    much = client.post(URL, json={"phone": SON, "share_percent": "40.01"})
    assert much.get_json()["code"] == "shares_exceed_all"


def test_numbers_and_labels_lie_sealed(world: World, client: Cabinet) -> None:
    added(client, label="бабушка", fixed_amount="1.00")
    rows = world.query(
        "SELECT to_jsonb(r)::text || to_jsonb(n)::text AS said FROM relatives AS r,"
        " numbers AS n WHERE n.id = r.number_id"
    )
    assert "900000" not in rows[0].said
    assert "бабушка" not in rows[0].said
    kept = world.query(
        "SELECT label_sealed, sealed FROM relatives, numbers WHERE number_id = numbers.id"
    )
    assert "бабушка".encode() not in bytes(kept[0].label_sealed)
    assert b"79000000091" not in bytes(kept[0].sealed)
