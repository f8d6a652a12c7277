"""Nothing tells whether a number is a member's: not the answer, not the time, not a code."""

import random
import re
import time
from dataclasses import replace
from statistics import median

import pytest
from werkzeug.test import TestResponse

from tests.joining import Newcomer
from tests.signing_in import ask_code, code_sent, fresh, other, solved
from tests.world import World
from tracker.kit.limits import limits_from

NUMBERS = 200
WORDS = ("number", "prefix", "address", "all")

_TOKEN = re.compile(r"joi_[A-Za-z0-9_-]{43}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")
_BY_THE_CLOCK = ("Retry-After", "Content-Length")


@pytest.fixture
def patient(world: World) -> World:
    """A deployment that answers as often as it is asked."""
    limits = limits_from("number=100000/h,prefix=100000/h,address=100000/h,all=100000/h", WORDS)
    tools = replace(world.tools, settings=replace(world.tools.settings, sms_budgets=limits))
    again = World(tools)
    again._numbers = world._numbers
    return again


def shape(response: TestResponse) -> object:
    """All of an answer, byte for byte, but for what is drawn or told by the clock."""
    body = _MOMENT.sub("<moment>", _TOKEN.sub("<token>", response.text))
    headers = [(name, value) for name, value in response.headers if name not in _BY_THE_CLOCK]
    return response.status_code, body, tuple(sorted(headers))


def test_beginning_takes_as_long_for_members_as_for_strangers(patient: World) -> None:
    """Medians of many, interleaved in a drawn order: what slows the machine slows both."""
    members = [patient.phone(one) for one in patient.members(NUMBERS)]
    patient.change("UPDATE numbers SET proved_at = now()")
    strangers = [f"+7901{one:07d}" for one in range(NUMBERS)]
    turns = [(phone, True) for phone in members] + [(phone, False) for phone in strangers]
    random.Random(4).shuffle(turns)
    captchas = [solved(patient) for _ in turns]
    took: dict[bool, list[float]] = {True: [], False: []}
    bodies = set()
    client = patient.client()
    for (phone, known), captcha in zip(turns, captchas, strict=True):
        begun = time.perf_counter()
        response = client.post("/api/v1/joining", json={"phone": phone, "captcha": captcha})
        took[known].append(time.perf_counter() - begun)
        assert response.status_code == 202
        bodies.add(shape(response))
    assert len(bodies) == 1
    members_wait, strangers_wait = median(took[True]), median(took[False])
    # How far the medians of two halves of the same kind are apart is what chance alone does.
    apart = abs(members_wait - strangers_wait)
    assert apart < max(3 * chance(took), 0.1 * strangers_wait)


def chance(took: dict[bool, list[float]]) -> float:
    """How far medians of samples of one kind differ at most, by a few hundred draws."""
    draw = random.Random(5)
    apart = []
    for kind in took.values():
        for _ in range(200):
            mixed = draw.sample(kind, len(kind))
            half = len(mixed) // 2
            apart.append(abs(median(mixed[:half]) - median(mixed[half:])))
    return max(apart)


def test_a_member_who_joins_again_hears_what_a_stranger_hears(world: World) -> None:
    member = Newcomer(world, world.phone(fresh(world)))
    stranger = Newcomer(world, "+79001234567")
    heard = []
    for one in (member, stranger):
        steps = [one.begin(), one.send("state"), one.send("resend")]
        wrong = other(code_sent(world, one.phone))
        steps += [one.send("phone-code", code=wrong) for _ in range(6)]
        steps += [one.send("email", email="a@example.org"), one.finish(), one.send("state")]
        heard.append([shape(step) for step in steps])
    assert heard[0] == heard[1]


def test_the_code_of_a_members_number_proves_nothing(world: World) -> None:
    """It is not sent at all; and even who knew it would not get on."""
    member = Newcomer(world, world.phone(fresh(world)))
    member.begin()
    refused = member.prove_phone()
    assert refused.status_code == 422
    assert refused.get_json()["code"] == "code_wrong"
    assert member.send("state").get_json()["step"] == "phone_code"


def test_an_address_may_be_anybodys(world: World) -> None:
    """Whose mailbox it is only its owner learns."""
    Newcomer(world).join()
    again = Newcomer(world, "+79001234568")
    again.begin()
    again.prove_phone()
    stranger = Newcomer(world, "+79001234569", "boris@example.org")
    stranger.begin()
    stranger.prove_phone()
    first = again.send("email", email=again.email)
    assert shape(first) == shape(stranger.send("email", email=stranger.email))


def test_a_sign_in_code_is_asked_for_alike(world: World) -> None:
    assert len(ask_code(world, world.phone(fresh(world)))) == len(ask_code(world, "+79001112233"))
