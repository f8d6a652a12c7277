"""The captcha: signed, once, soon."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
import pytest

from tests.world import World
from tracker.access.captcha import LASTS, CaptchaNotAccepted, challenge, use
from tracker.kit.clock import SystemClock
from tracker.kit.crypto import Keyring, key_from, new_key
from tracker.kit.database import unit_of_work


def now() -> datetime:
    return SystemClock().now()


def coded(said: Any) -> str:
    return base64.b64encode(json.dumps(said).encode()).decode()


def solve(made: dict[str, Any]) -> dict[str, Any]:
    asked = altcha.Challenge.from_dict(made)
    solution = altcha.solve_challenge(asked)
    assert solution is not None
    said: dict[str, Any] = altcha.Payload(asked, solution).to_dict()
    return said


def accepted(world: World, said: str, *, keys: Keyring | None = None, at: Any = None) -> bool:
    try:
        with unit_of_work(world.tools.engine) as session:
            use(session, keys or world.tools.settings.keys, said, at or now())
    except CaptchaNotAccepted:
        return False
    return True


@pytest.fixture
def solved(world: World) -> dict[str, Any]:
    return solve(challenge(world.tools.settings.keys, now(), work=1))


def test_a_solution_is_good_once(world: World, solved: dict[str, Any]) -> None:
    assert accepted(world, coded(solved))
    assert not accepted(world, coded(solved))
    assert not accepted(world, coded({**solved, "took": 1}))
    padded = base64.b64encode(json.dumps(solved, indent=1).encode()).decode()
    assert not accepted(world, padded)


def test_a_solution_expires(world: World, solved: dict[str, Any]) -> None:
    assert not accepted(world, coded(solved), at=now() + LASTS)
    assert accepted(world, coded(solved), at=now() + LASTS - timedelta(seconds=30))
    old = solve(challenge(world.tools.settings.keys, now() - LASTS, work=1))
    assert not accepted(world, coded(old), at=datetime(2020, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cost", 0),
        ("keyPrefix", ""),
        ("nonce", "00" * 16),
        ("expiresAt", 2**33),
        ("expiresAt", None),
        ("algorithm", "SHA-256"),
    ],
)
def test_a_changed_challenge_is_not_ours(
    world: World, solved: dict[str, Any], name: str, value: Any
) -> None:
    solved["challenge"]["parameters"][name] = value
    assert not accepted(world, coded(solved))


def test_one_of_our_own_making_is_not_ours(world: World) -> None:
    forged = challenge(Keyring(key_from(new_key())), now(), work=1)
    assert not accepted(world, coded(solve(forged)))
    unsigned = solve(forged)
    del unsigned["challenge"]["signature"]
    assert not accepted(world, coded(unsigned))


def test_the_work_has_to_be_done(world: World, solved: dict[str, Any]) -> None:
    for said in (
        {"counter": 0, "derivedKey": "00" * 32},
        {"counter": solved["solution"]["counter"], "derivedKey": "00" * 32},
        {"counter": -1, "derivedKey": solved["solution"]["derivedKey"]},
        {"counter": "1", "derivedKey": 5},
        {"counter": 10**30, "derivedKey": ""},
    ):
        assert not accepted(world, coded({**solved, "solution": said}))
    assert accepted(world, coded(solved)), "what failed has used nothing up"


@pytest.mark.parametrize(
    "said",
    [
        "",
        "x",
        "!!!!",
        coded([]),
        coded(None),
        coded({"challenge": {}, "solution": {}}),
        coded({"challenge": {"parameters": []}, "solution": []}),
        coded({"challenge": "parameters", "solution": "x"}),
        base64.b64encode(b"[" * 3000).decode(),
        base64.b64encode(b"\xff\xfe").decode(),
        "A" * 5000,
    ],
)
def test_nonsense_is_refused(world: World, said: str) -> None:
    assert not accepted(world, said)
    body = {"phone": "+79001234567", "captcha": said}
    assert world.client().post("/api/v1/joining", json=body).status_code == 422


def test_the_key_may_change_in_between(world: World, environ: dict[str, str]) -> None:
    solved = solve(challenge(world.tools.settings.keys, now(), work=1))
    ring = Keyring(key_from(new_key()), key_from(environ["TRACKER_SECRET_KEY"]))
    assert accepted(world, coded(solved), keys=ring)


def test_the_api_gives_what_the_widget_reads(world: World) -> None:
    response = world.client().get("/api/v1/captcha")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    made = response.get_json()
    assert set(made) == {"parameters", "signature"}
    assert made["parameters"]["cost"] == world.tools.settings.captcha_work
    assert made["parameters"]["keyPrefix"] == "00"
    assert made["parameters"]["expiresAt"] <= (now() + LASTS).timestamp()
