"""`tracker shops secret --given`: a key that a shop's code has already."""

import json

import pytest

from partners.credentials.rules import SecretInvalid
from partners.dialects.service import speak
from tests.webhooks.secret_commands import OWN, holding, listed, printed, run, secrets_of_shop
from tests.world import Shop, World, created
from tracker.kit.database import unit_of_work


def test_a_key_that_the_shop_has_already_is_taken_from_a_pipe(world: World) -> None:
    shop = world.shop("one")
    with unit_of_work(world.tools.engine) as session:
        speak(session, shop.id, "admitad")
    made = printed(world, "one", "--given", typed=f"{OWN}\n")
    assert made["opens"] == ["admitad-revision", "url-key"]
    assert OWN not in json.dumps(made)
    postback = {
        "campaign_code": "c",
        "postback": "1",
        "postback_key": OWN,
        "action_code": "1",
        "order_id": "A-1",
        "price": "10.00",
        "currency_code": "RUB",
        "payment_type": "sale",
    }
    for key, status in ((OWN, 202), (OWN[:-1], 401), ("", 401)):
        sent = {**postback, "postback_key": key}
        answer = world.client().get("/webhooks/one", query_string=sent)
        assert answer.status_code == status, answer.get_data(as_text=True)
    bodies = world.query("SELECT body FROM inbox_bodies")
    assert [OWN.encode() in bytes(row.body) for row in bodies] == [False]


def test_a_given_key_opens_nothing_where_shops_sign(world: World) -> None:
    shop = world.shop("one")
    assert printed(world, "one", "--given", typed=OWN)["opens"] == []
    signs = Shop(shop.id, "one", OWN.encode())
    assert world.post(signs, created("A-1", None, 1)).status_code == 401


def test_a_given_key_may_take_the_place_of_the_present_ones(world: World) -> None:
    world.shop("one")
    made = printed(world, "one", "--given", "--rotate", "--overlap", "0s", typed=OWN)
    assert holding(world, "one") == [made["id"]]
    assert [one["kind"] for one in listed(world, "one")] == ["issued", "given"]


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "\n",
        "short",
        "x" * 15,
        "x" * 201,
        f" {OWN}",
        f"{OWN} ",
        f"{OWN}\n\n",
        "ключ" * 8,
        "\0" * 20,
        "tab\tseparated-words",
        "two\nlines-of-a-file",
    ],
    ids=range(12),
)
def test_a_given_key_that_is_empty_short_or_odd_is_refused(world: World, typed: str) -> None:
    world.shop("one")
    result = run(world, "one", "--given", typed=typed)
    assert type(result.exception) is SecretInvalid
    assert len(listed(world, "one")) == 1


@pytest.mark.parametrize(
    "typed", ["x" * 16, "x" * 200, "with blanks within it", "~!@#$%^&*()_+{}|"]
)
def test_a_given_key_is_16_to_200_printable_characters(world: World, typed: str) -> None:
    shop = world.shop("one")
    printed(world, "one", "--given", typed=f"{typed}\r\n")
    assert secrets_of_shop(world, shop)[0].url_key == typed.encode()
