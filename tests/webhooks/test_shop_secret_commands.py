"""`tracker shops secret`: for one shop, for several, for all."""

import base64
import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.world import Shop, World, created
from webhooks.secrets_cli import secret


def run(world: World, *arguments: str) -> Result:
    return CliRunner().invoke(secret, arguments, obj=lambda: world.tools)


def printed(world: World, *arguments: str) -> Any:
    result = run(world, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def accepts(world: World, shop: Shop, made: str) -> bool:
    key = base64.b64decode(made.removeprefix("whsec_"))
    return world.post(Shop(shop.id, shop.slug, key), created("A-1", None, 1)).status_code < 300


def test_one_shop_gets_one_secret_beside_those_it_has(world: World) -> None:
    shop = world.shop("one")
    made = printed(world, "one")
    assert made.keys() == {"shop", "secret", "header_key", "url_key"}
    assert accepts(world, shop, made["secret"])
    assert world.post(shop, created("A-2", None, 1)).status_code == 202


def test_all_shops_get_theirs_at_once(world: World) -> None:
    shops = [world.shop("two"), world.shop("one")]
    made = printed(world, "--all")
    assert [one["shop"] for one in made] == ["one", "two"]
    for one, shop in zip(made, reversed(shops), strict=True):
        assert accepts(world, shop, one["secret"])
    assert len({one["secret"] for one in made}) == 2


def test_several_shops_may_be_named_and_none_is_changed_if_one_is_unknown(world: World) -> None:
    world.shop("one")
    world.shop("two")
    assert [one["shop"] for one in printed(world, "two", "one")] == ["one", "two"]
    before = world.query("SELECT count(*) FROM webhook_secrets")
    assert run(world, "one", "three").exit_code == 1
    assert world.query("SELECT count(*) FROM webhook_secrets") == before


def test_secrets_that_are_rotated_end_at_once_without_an_overlap(world: World) -> None:
    shop = world.shop("one")
    made = printed(world, "--all", "--rotate", "--overlap", "0s")
    assert accepts(world, shop, made[0]["secret"])
    assert world.post(shop, created("A-2", None, 1)).status_code == 401


@pytest.mark.parametrize("arguments", [(), ("one", "--all"), ("one", "--overlap", "soon")])
def test_wrong_usage_ends_with_2(world: World, arguments: tuple[str, ...]) -> None:
    assert run(world, *arguments).exit_code == 2
