"""`tracker shops secret` and `secrets`: new ones, given ones, revoked ones; the list of them."""

import base64
import json

import pytest
from click.testing import CliRunner

from partners.credentials.rules import SecretEnded, SecretKind, SecretNotFound
from partners.credentials.service import issue
from partners.dialects.service import speak
from tests.webhooks.secret_commands import OWN, holding, listed, printed, run, secrets_of_shop
from tests.world import Shop, World, created
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role, RoleTooLow
from tracker.staff.service import hire
from webhooks.onboarding.secrets_cli import secrets


def accepts(world: World, shop: Shop, made: str) -> bool:
    key = base64.b64decode(made.removeprefix("whsec_"))
    return world.post(Shop(shop.id, shop.slug, key), created("A-1", None, 1)).status_code < 300


def test_one_shop_gets_one_secret_beside_those_it_has(world: World) -> None:
    shop = world.shop("one")
    made = printed(world, "one")
    assert made.keys() == {"shop", "id", "secret"}
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


@pytest.mark.parametrize(
    ("dialect", "forms"),
    [
        ("native", {"secret"}),
        ("admitad", {"secret", "url_key"}),
        ("awin", {"secret", "header_key", "url_key"}),
    ],
)
def test_what_is_shown_is_what_the_shops_dialect_can_use(
    world: World, dialect: str, forms: set[str]
) -> None:
    shop = world.shop("one")
    with unit_of_work(world.tools.engine) as session:
        speak(session, shop.id, dialect)
    made = printed(world, "one")
    assert made.keys() - {"shop", "id"} == forms
    kept = secrets_of_shop(world, shop)[0]
    assert {name: made[name] for name in forms} == {name: kept.shown[name] for name in forms}


def test_shops_of_several_dialects_stand_in_one_table(world: World) -> None:
    other = world.shop("two")
    world.shop("one")
    with unit_of_work(world.tools.engine) as session:
        speak(session, other.id, "awin")
    first, second = printed(world, "--all")
    assert (first["header_key"], first["shop"]) == (None, "one")
    assert second["header_key"].startswith("whkey_")
    assert run(world, "--all").output.count("whkey_") == 1


def test_one_secret_is_revoked_and_the_others_hold(world: World) -> None:
    shop = world.shop("one")
    made = printed(world, "one")
    old, new = holding(world, "one")
    assert new == made["id"]
    assert printed(world, "one", "--revoke", str(old)) == {"shop": "one", "revoked": [old]}
    assert holding(world, "one") == [new]
    assert world.post(shop, created("A-2", None, 1)).status_code == 401
    assert accepts(world, shop, made["secret"])


def test_all_secrets_are_revoked_and_the_door_is_closed(world: World) -> None:
    shop = world.shop("one")
    made = printed(world, "one")
    assert printed(world, "one", "--revoke-all")["revoked"] == [
        one["id"] for one in listed(world, "one")
    ]
    assert holding(world, "one") == []
    assert not accepts(world, shop, made["secret"])
    assert world.post(shop, created("A-2", None, 1)).status_code == 401
    assert printed(world, "one", "--revoke-all")["revoked"] == []


@pytest.mark.parametrize("number", ["0", "-1", "999999"])
def test_a_secret_that_is_not_the_shops_is_not_revoked(world: World, number: str) -> None:
    world.shop("one")
    world.shop("other")
    (others,) = holding(world, "other")
    for wrong in (number, str(others)):
        result = run(world, "one", f"--revoke={wrong}")
        assert (result.exit_code, type(result.exception)) == (1, SecretNotFound)
    assert holding(world, "other") == [others]


def test_what_is_revoked_already_cannot_be_again(world: World) -> None:
    world.shop("one")
    (number,) = holding(world, "one")
    assert run(world, "one", "--revoke", str(number)).exit_code == 0
    (before,) = listed(world, "one")
    result = run(world, "one", "--revoke", str(number))
    assert type(result.exception) is SecretEnded
    assert listed(world, "one") == [before]


def test_the_list_tells_everything_but_the_secret(world: World) -> None:
    shop = world.shop("one")
    made = printed(world, "one", "--rotate", "--overlap", "2h")
    old, new = listed(world, "one")
    assert old.keys() == new.keys()
    assert set(old) == {
        "id",
        "kind",
        "holds",
        "created_at",
        "valid_until",
        "revoked_at",
        "last_used_at",
    }
    assert (old["holds"], new["holds"], new["id"]) == (True, True, made["id"])
    assert old["valid_until"]
    assert new["valid_until"] is None
    said = CliRunner().invoke(secrets, ["one"], obj=lambda: world.tools).output
    for kept in secrets_of_shop(world, shop):
        for text in kept.shown.values():
            assert text not in said
            assert text.partition("_")[2] not in said


def test_a_shop_without_a_secret_is_said_to_be_closed(world: World) -> None:
    world.shop("one")
    world.change_as_owner("DELETE FROM webhook_secrets")
    said = CliRunner().invoke(secrets, ["one"], obj=lambda: world.tools).output
    assert said == "one has no secret: its door is closed\n"


def test_every_change_is_audited_and_no_secret_is(world: World) -> None:
    world.shop("one")
    printed(world, "one", "--rotate")
    printed(world, "one", "--given", typed=OWN)
    printed(world, "one", "--revoke-all")
    entries = world.query("SELECT * FROM audit_entries ORDER BY id")
    assert [(one.action, one.subject) for one in entries] == [("shop.secret", "shop:one")] * 3
    assert [len(one.before["secrets"]) for one in entries] == [1, 2, 3]
    assert [len(one.after["secrets"]) for one in entries] == [2, 3, 0]
    assert all(one.who.startswith("console:") for one in entries)
    assert OWN not in str(entries)


def test_with_a_token_it_takes_an_admins(world: World) -> None:
    world.shop("one")
    key = world.tools.settings.keys
    with unit_of_work(world.tools.engine) as session:
        approver = hire(session, key, "boris", Role.APPROVER)
        admin = hire(session, key, "anna", Role.ADMIN)
    assert type(run(world, "one", "--token", approver).exception) is RoleTooLow
    assert len(listed(world, "one")) == 1
    assert printed(world, "one", "--token", admin)["shop"] == "one"
    assert world.query("SELECT who FROM audit_entries") == [("anna",)]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("one", "--all"),
        ("one", "--overlap", "soon"),
        ("one", "--revoke", "first"),
        ("one", "--revoke", "1", "--revoke-all"),
        ("one", "--revoke", "1", "--rotate"),
        ("one", "--revoke-all", "--given"),
        ("one", "two", "--given"),
        ("--all", "--given"),
        ("one", "two", "--revoke", "1"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(world: World, arguments: tuple[str, ...]) -> None:
    assert run(world, *arguments).exit_code == 2


def test_secrets_of_trials_that_are_over_are_shown_when_asked_for(world: World) -> None:
    shop = world.shop("one")
    with unit_of_work(world.tools.engine) as session:
        trial = issue(session, world.tools.settings.keys, shop.id, SecretKind.TRIAL)
    assert trial.id in [one["id"] for one in listed(world, "one")]
    run(world, "one", "--revoke", str(trial.id))
    assert trial.id not in [one["id"] for one in listed(world, "one")]
    result = CliRunner().invoke(secrets, ["one", "--all", "--json"], obj=lambda: world.tools)
    assert [one["kind"] for one in json.loads(result.output)] == ["issued", "trial"]
