"""Rewards that are held: a friend who shares something with the inviter, and the word of staff."""

from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from tests.inviting import REWARD, Inviter, sign_in
from tests.world import World, day
from tracker.kit.database import unit_of_work
from tracker.ledger.service import Balance
from tracker.purchases.reward_cli import commands
from tracker.staff.rules import Role
from tracker.staff.service import hire

NOTHING = Balance(0, 0, 0)


class Desk:
    """Somebody of the finance team."""

    def __init__(self, world: World) -> None:
        self.client = world.client()
        with unit_of_work(world.tools.engine) as session:
            self.token = hire(session, world.tools.settings.keys, "olga", Role.OPERATOR)
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def waiting(self) -> list[dict[str, Any]]:
        """What is held."""
        path = "/admin/api/v1/referrals?state=review"
        items: list[dict[str, Any]] = self.client.get(path, headers=self.headers).get_json()[
            "items"
        ]
        return items

    def says(self, friend: int, decision: str, reason: str = "looked into") -> TestResponse:
        """Decide on a reward."""
        path = f"/admin/api/v1/referrals/{friend}/review"
        body = {"decision": decision, "reason": reason}
        return self.client.post(path, json=body, headers=self.headers)


@pytest.fixture
def inviter(world: World) -> Inviter:
    """A member with a link and a telephone."""
    made = Inviter(world)
    sign_in(world, made.member, "the inviter's telephone")
    return made


@pytest.fixture
def suspect(inviter: Inviter) -> int:
    """A friend who signed in on the inviter's telephone, and whose purchase is confirmed."""
    friend = inviter.friend()
    sign_in(inviter.world, friend, "the inviter's telephone")
    inviter.buys(friend, "A-1", 1)
    inviter.keeps("A-1", 2)
    return friend


def test_it_stays_pending_until_staff_approve(inviter: Inviter, suspect: int) -> None:
    desk = Desk(inviter.world)
    assert inviter.has == Balance(REWARD, 0, 0)
    (held,) = desk.waiting()
    assert (held["friend_id"], held["inviter_id"]) == (suspect, inviter.member)
    assert (held["suspicions"], held["amount"]) == ("device", "200.00")
    assert inviter.world.differences() == []
    said = desk.says(suspect, "approve")
    assert said.status_code == 200
    assert said.get_json()["state"] == "confirmed"
    assert inviter.has == Balance(0, REWARD, 0)
    assert desk.waiting() == []
    (act,) = inviter.world.query("SELECT * FROM audit_entries")
    assert (act.who, act.action) == ("olga", "referral.review")
    assert (act.before["state"], act.after["state"]) == ("review", "confirmed")
    assert inviter.world.differences() == []


def test_what_is_refused_is_refused_for_good_and_makes_room(inviter: Inviter, suspect: int) -> None:
    for place, friend in enumerate(inviter.friends(5)):
        inviter.buys(friend, f"B-{place}", 3)
        inviter.keeps(f"B-{place}", 4)
    assert inviter.states() == ["review", *["confirmed"] * 4, "over_ceiling"]
    assert Desk(inviter.world).says(suspect, "refuse").status_code == 200
    assert inviter.states() == ["rejected", *["confirmed"] * 5]
    assert inviter.has == Balance(0, 5 * REWARD, 0)
    inviter.buys(suspect, "A-2", 0.5)
    inviter.keeps("A-2", 5)
    assert inviter.states([suspect]) == ["rejected"]
    assert inviter.world.differences() == []


def test_what_is_approved_comes_back_with_the_purchase(inviter: Inviter, suspect: int) -> None:
    Desk(inviter.world).says(suspect, "approve")
    inviter.gives_back("A-1", 5)
    assert inviter.has == NOTHING
    assert inviter.states() == ["rejected"]
    assert inviter.world.differences() == []


def test_a_return_ends_what_is_held(inviter: Inviter, suspect: int) -> None:
    inviter.gives_back("A-1", 3)
    assert inviter.has == NOTHING
    desk = Desk(inviter.world)
    assert desk.waiting() == []
    said = desk.says(suspect, "approve")
    assert (said.status_code, said.get_json()["code"]) == (409, "reward_not_under_review")
    assert inviter.world.differences() == []


def test_a_word_on_what_is_not_held_is_refused(inviter: Inviter, suspect: int) -> None:
    desk = Desk(inviter.world)
    assert desk.says(9_999, "approve").status_code == 404
    assert desk.says(inviter.member, "approve").status_code == 404
    assert desk.says(suspect, "perhaps").status_code == 422
    assert desk.says(suspect, "approve", "   ").status_code == 422
    assert desk.says(suspect, "approve", "").status_code == 422
    assert desk.says(2**63, "approve").status_code == 404
    assert inviter.states() == ["review"]
    assert desk.says(suspect, "approve").status_code == 200
    assert desk.says(suspect, "refuse").status_code == 409
    assert inviter.states() == ["confirmed"]


def test_once_suspected_it_is_held_whatever_is_seen_later(inviter: Inviter, suspect: int) -> None:
    world = inviter.world
    world.change("UPDATE sessions SET device_hash = NULL")
    inviter.buys(suspect, "A-0", 0.5)
    assert inviter.states() == ["pending"]
    inviter.keeps("A-0", 6)
    assert inviter.states() == ["review"]
    assert world.differences() == []


def test_after_it_is_confirmed_a_suspicion_changes_nothing(inviter: Inviter) -> None:
    friend = inviter.friend()
    inviter.buys(friend, "A-1", 1)
    inviter.keeps("A-1", 2)
    sign_in(inviter.world, friend, "the inviter's telephone")
    inviter.buys(friend, "A-2", 3)
    inviter.keeps("A-2", 4)
    assert inviter.states() == ["confirmed"]
    assert inviter.world.differences() == []


def test_one_that_comes_in_from_the_queue_is_looked_at_as_well(inviter: Inviter) -> None:
    friends = inviter.friends(6)
    for place, friend in enumerate(friends):
        inviter.buys(friend, f"B-{place}", 1 + place)
        inviter.keeps(f"B-{place}", 8)
    sign_in(inviter.world, friends[5], "the inviter's telephone")
    inviter.gives_back("B-0", 9)
    assert inviter.states() == ["rejected", *["confirmed"] * 4, "review"]
    assert inviter.has == Balance(REWARD, 4 * REWARD, 0)
    assert inviter.world.differences() == []


def test_the_same_on_the_command_line(inviter: Inviter, suspect: int) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(commands, arguments, obj=lambda: inviter.world.tools)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    listed = run("list", "--state", "review", "--json")
    assert f'"friend_id": {suspect}' in listed
    assert '"suspicions": "device"' in listed
    word = ["--reason", "one family", "--as-of", day(9).isoformat(), "--json"]
    assert '"state": "confirmed"' in run("review", str(suspect), "approve", *word)
    assert run("list", "--state", "review").strip() == "none"
    assert inviter.has == Balance(0, REWARD, 0)
    assert inviter.world.differences() == []
