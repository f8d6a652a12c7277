"""Our key is changed: what was hashed under the former one, and is kept nowhere, goes with it."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

import wsgi
from tests.races.held import somebody_waits, wait_until
from tests.stories.months import earns
from tests.tracker.certificates.salon import Salon, paper, present, salon_of, told, wrong_code
from tests.world import World, day
from tracker.certificates.salons import Act, change_key
from tracker.kit.crypto import Keyring, key_from, new_key
from tracker.kit.database import unit_of_work
from tracker.privacy.cli import build
from tracker.privacy.erasure import erase, what_is_lost

BOUND = ("certificates.code_hash", "salons.key_hash", "numbers.hash")


@pytest.fixture
def fresh(world: World, environ: dict[str, str]) -> World:
    """The same deployment with another key; the former one is still read."""
    old, new = key_from(environ["TRACKER_SECRET_KEY"]), key_from(new_key())
    settings = replace(world.tools.settings, keys=Keyring(new, old))
    return World(replace(world.tools, settings=settings))


def run(world: World, word: str) -> dict[str, Any]:
    done = CliRunner().invoke(
        build(wsgi.SEALED, wsgi.HASHED), [word, "--json"], obj=lambda: world.tools
    )
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def bound(world: World) -> tuple[int, ...]:
    status = run(world, "status")
    return tuple(status[name] for name in BOUND)


def test_it_is_told_what_still_needs_the_former_key(world: World, fresh: World) -> None:
    shop, salon = world.shop(cashback=1000), salon_of(world)
    slip = paper(world, shop)
    left = world.member()
    earns(world, shop, left, 10)
    with unit_of_work(world.tools.engine) as session:
        erase(session, left, what_is_lost(session, left), day(5))
    assert bound(world) == (0, 0, 0)
    run(fresh, "rotate")
    assert bound(fresh) == (1, 1, 1)
    assert present(fresh, salon, slip.code).status_code == 200
    assert bound(fresh) == (0, 0, 1), "the till and its code are known by the new key from now on"


def test_a_receipt_told_again_is_counted_for_some_days(world: World, fresh: World) -> None:
    shop, salon = world.shop(cashback=1000), salon_of(world)
    slip = paper(world, shop)
    assert present(world, salon, slip.code, "R-1").status_code == 200
    assert bound(fresh)[0] == 1
    assert present(fresh, salon, slip.code, "R-1").status_code == 200
    world.change_as_owner("ALTER TABLE certificates DISABLE TRIGGER certificates_keep")
    world.change("UPDATE certificates SET redeemed_at = now() - interval '8 days'")
    assert bound(fresh)[0] == 0


def test_a_stolen_tills_key_does_not_come_back(world: World, fresh: World) -> None:
    salon = salon_of(world)
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(world.tools.engine) as session:
            act = Act("anna", "the till was stolen")
            key = change_key(session, fresh.tools.settings.keys, salon.slug, act)
            thief = pool.submit(present, fresh, salon, wrong_code())
            wait_until(lambda: somebody_waits(world) or thief.done())
        thief.result(20)
    honest = Salon(salon.slug, key)
    assert told(present(fresh, honest, wrong_code())) == (404, "code_not_accepted")
    assert told(present(fresh, salon, wrong_code())) == (401, "salon_not_accepted")
