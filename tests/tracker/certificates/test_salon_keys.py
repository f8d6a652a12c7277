"""Who may redeem: a salon that is open, by its own key, in its own name."""

from dataclasses import replace
from typing import Any

import pytest

from tests.signing_in import at
from tests.tracker.certificates.salon import URL, Paper, Salon, present, salon_of, told
from tests.tracker.certificates.saving import NOW, states
from tests.world import World
from tracker.certificates.salons import Act, change_key, close
from tracker.kit.crypto import Keyring, key_from, new_key
from tracker.kit.database import unit_of_work


@pytest.fixture
def world(world: World) -> World:
    """The day on which members have their certificates."""
    return at(world, NOW)


def test_after_our_key_was_changed_codes_and_salons_are_still_known(
    world: World, arbat: Salon, slip: Paper
) -> None:
    settings = world.tools.settings
    new, old = key_from(new_key()), settings.keys
    both = Keyring(new, *old._keys.values())
    changed = World(replace(world.tools, settings=replace(settings, keys=both)))
    changed = at(changed, NOW)
    first = present(changed, arbat, slip.code, "R-1")
    assert first.status_code == 200
    alone = replace(changed.tools.settings, keys=Keyring(new))
    after = World(replace(changed.tools, settings=alone))
    assert present(after, arbat, slip.code, "R-1").data == first.data


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer sal_wrong", "Basic YTpi", "sal_wrong", "Bearer é"],
)
def test_without_the_salons_key_nothing_is_told(
    world: World, arbat: Salon, slip: Paper, authorization: str | None
) -> None:
    headers = {"Authorization": authorization} if authorization is not None else {}
    bodies: list[Any] = [
        {"code": slip.code, "receipt_id": "R-1", "salon_id": "arbat"},
        {"code": slip.code, "receipt_id": "R-1", "salon_id": "no-such-salon"},
        {},
    ]
    answers = [world.client().post(URL, json=body, headers=headers) for body in bodies]
    assert {told(one) for one in answers} == {(401, "salon_not_accepted")}
    assert len({one.data for one in answers}) == 1
    assert {one.headers["WWW-Authenticate"] for one in answers} == {"Bearer"}
    assert states(world) == ["issued"]


def test_a_salon_speaks_for_itself_alone(world: World, arbat: Salon, slip: Paper) -> None:
    """Another's slug, and one that nobody has, are answered as a wrong key is."""
    nevsky = salon_of(world, "nevsky")
    by_wrong_key = present(world, Salon("arbat", "sal_wrong"), slip.code)
    for slug in (nevsky.slug, "no-such-salon", "ARBAT", "arbat "):
        response = present(world, arbat, slip.code, salon_id=slug)
        assert (response.status_code, response.data) == (401, by_wrong_key.data)
    assert states(world) == ["issued"]


def test_a_closed_salon_and_a_former_key_open_nothing(
    world: World, arbat: Salon, slip: Paper
) -> None:
    nevsky, keys = salon_of(world, "nevsky"), world.tools.settings.keys
    act = Act("anna", "a till was stolen")
    with unit_of_work(world.tools.engine) as session:
        close(session, "arbat", act, NOW)
        fresh = change_key(session, keys, "nevsky", act)
    for salon in (arbat, nevsky):
        assert told(present(world, salon, slip.code)) == (401, "salon_not_accepted")
    assert present(world, Salon("nevsky", fresh), slip.code).status_code == 200


def test_staff_and_members_are_no_salons(world: World, slip: Paper) -> None:
    app = world.signed_in(slip.member)
    body = {"code": slip.code, "receipt_id": "R-1", "salon_id": "arbat"}
    assert told(app.post(URL, json=body)) == (401, "salon_not_accepted")
