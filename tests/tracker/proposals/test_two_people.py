"""One proposes, another approves exactly that, while it is still as it was seen."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from tests.colleagues import ANNA, BORIS, OLGA
from tests.tracker.proposals.acts import (
    NameIsBad,
    approved,
    late,
    name_of,
    proposed,
    rejected,
    states,
    withdrawn,
)
from tests.world import World
from tracker.audit.rules import ReasonMissing
from tracker.kit.errors import TrackerError
from tracker.proposals.rules import (
    ApproverProposedIt,
    KeyUsedForAnother,
    NotTheProposer,
    ProposalDecided,
    ProposalDiffers,
    ProposalExpired,
    ProposalStale,
    ProposalWaits,
    State,
    canonical,
    fingerprint,
)
from tracker.staff.rules import Role, RoleTooLow
from tracker.staff.service import Person


@pytest.fixture(autouse=True)
def shop(world: World) -> None:
    world.shop()


def acts(world: World) -> list[Any]:
    return world.query(
        "SELECT who, action, subject, reason FROM audit_entries"
        " WHERE action LIKE 'shop.rename.%' ORDER BY id"
    )


def test_another_person_lets_it_be_done(world: World) -> None:
    one = proposed(world)
    assert (one.state, one.seen, name_of(world)) == ("proposed", {"name": "Shop"}, "Shop")
    outcome = approved(world, one)
    outcome.see_that_it_was_done()
    assert outcome.told == {"secret": "shown once"}
    assert (name_of(world), states(world)) == ("New", ["approved"])
    assert acts(world) == [
        ("olga", "shop.rename.propose", "shop:shop", "they asked"),
        ("anna", "shop.rename.approve", "shop:shop", "seen"),
    ]
    kept = world.query(
        "SELECT t::text AS row FROM proposals t UNION SELECT t::text FROM audit_entries t"
    )
    assert not any("shown once" in row.row for row in kept)


@pytest.mark.parametrize("login", ["anna", "ANNA"])
@pytest.mark.parametrize("decide", [approved, rejected])
def test_nobody_decides_about_their_own(
    world: World, login: str, decide: Callable[..., Any]
) -> None:
    one = proposed(world, by=ANNA)
    with pytest.raises(ApproverProposedIt):
        decide(world, one, by=Person(login, Role.ADMIN))
    assert (name_of(world), states(world)) == ("Shop", ["proposed"])


def test_roles_are_those_of_the_act(world: World) -> None:
    with pytest.raises(RoleTooLow):
        proposed(world, by=Person("vera", Role.VIEWER))
    one = proposed(world)
    with pytest.raises(RoleTooLow):
        approved(world, one, by=Person("oleg", Role.OPERATOR))
    with pytest.raises(RoleTooLow):
        rejected(world, one, by=Person("oleg", Role.OPERATOR))


def test_an_approval_is_of_what_was_read(world: World) -> None:
    one = proposed(world)
    with pytest.raises(ProposalDiffers):
        approved(world, one, sha256="0" * 64)
    for change in ('payload = \'{"slug": "shop", "name": "Other"}\'', "payload_sha256 = 'x'"):
        world.change_as_owner(f"UPDATE proposals SET {change}")
        with pytest.raises(ProposalDiffers):
            approved(world, one)
    assert (name_of(world), states(world)) == ("Shop", ["proposed"])


def test_what_has_changed_since_is_not_done(world: World) -> None:
    one = proposed(world)
    world.change("UPDATE shops SET name = 'Elsewhere'")
    outcome = approved(world, one)
    with pytest.raises(ProposalStale):
        outcome.see_that_it_was_done()
    assert (name_of(world), states(world)) == ("Elsewhere", ["stale"])
    with pytest.raises(ProposalDecided):
        approved(world, one, by=BORIS)


def test_nobody_approves_after_its_time(world: World) -> None:
    one = proposed(world)
    late(world, one)
    outcome = approved(world, one)
    with pytest.raises(ProposalExpired):
        outcome.see_that_it_was_done()
    assert (name_of(world), states(world)) == ("Shop", ["expired"])


def test_what_the_act_refuses_waits_on(world: World) -> None:
    one = proposed(world, name="Bad")
    with pytest.raises(NameIsBad):
        approved(world, one)
    assert states(world) == ["proposed"]
    assert rejected(world, one).state == State.REJECTED
    with pytest.raises(ProposalDecided):
        rejected(world, one, by=BORIS)


def test_whoever_proposed_it_may_take_it_back_and_nobody_else(world: World) -> None:
    one = proposed(world)
    with pytest.raises(NotTheProposer):
        withdrawn(world, one, by=ANNA)
    assert withdrawn(world, one).state == State.WITHDRAWN
    with pytest.raises(ProposalDecided):
        approved(world, one)


def test_of_one_slot_one_waits_at_a_time(world: World) -> None:
    first = proposed(world, slot="a")
    with pytest.raises(ProposalWaits):
        proposed(world, by=ANNA, slot="a")
    proposed(world, slot="b")
    late(world, first)
    proposed(world, by=ANNA, slot="a")
    assert states(world) == ["expired", "proposed", "proposed"]


def test_the_same_request_proposes_once(world: World) -> None:
    first = proposed(world, request_key="k")
    assert proposed(world, request_key="k").id == first.id
    with pytest.raises(KeyUsedForAnother):
        proposed(world, request_key="k", name="Another")
    assert proposed(world, by=ANNA, request_key="k").id != first.id
    approved(world, first)
    assert proposed(world, request_key="k").id == first.id


@pytest.mark.parametrize("reason", ["", "   ", "a\nb"])
def test_a_proposal_has_its_reason(world: World, reason: str) -> None:
    with pytest.raises(ReasonMissing):
        proposed(world, reason=reason)


def together(world: World, *deeds: Callable[[], Any]) -> list[Any]:
    """All of them at once: what came of each."""
    gate = threading.Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> Any:
        gate.wait(10)
        try:
            done = deed()
        except TrackerError as error:
            return type(error)
        return done

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


@pytest.mark.parametrize("times", range(5))
def test_two_approvals_and_a_withdrawal_at_once_come_to_one(world: World, times: int) -> None:
    one = proposed(world)
    came = together(
        world,
        lambda: approved(world, one),
        lambda: approved(world, one, by=BORIS),
        lambda: withdrawn(world, one),
    )
    assert came.count(ProposalDecided) == 2
    assert len(acts(world)) == 2
    assert name_of(world) == ("New" if states(world) == ["approved"] else "Shop")


def test_of_two_acts_upon_the_same_the_second_is_stale(world: World) -> None:
    one, other = proposed(world), proposed(world, name="Other")
    together(world, lambda: approved(world, one), lambda: approved(world, other, by=BORIS))
    assert sorted(states(world)) == ["approved", "stale"]


def test_a_doubled_request_at_once_proposes_once(world: World) -> None:
    ask = [lambda: proposed(world, request_key="k").id] * 4
    assert len(set(together(world, *ask))) == 1
    ask = [lambda: proposed(world, slot="s").id] * 4
    assert together(world, *ask).count(ProposalWaits) == 3


@pytest.mark.parametrize(
    "change",
    [
        "state = 'approved', decided_by = proposed_by",
        "state = 'approved', decided_by = 'OLGA'",
        "state = 'approved'",
        "state = 'approved', decided_by = 'anna', expires_at = now()",
        "payload = '{}'",
        "payload_sha256 = ''",
        "seen_sha256 = ''",
        "proposed_by = 'anna'",
        "decided_at = now()",
    ],
)
def test_the_database_has_the_last_word(world: World, change: str) -> None:
    proposed(world)
    with pytest.raises(DBAPIError):
        world.change(f"UPDATE proposals SET {change}")


def test_what_was_decided_or_is_late_stays_so(world: World) -> None:
    one, other = proposed(world), proposed(world)
    rejected(world, one)
    late(world, other)
    for proposal in (one, other):
        with pytest.raises(DBAPIError):
            world.change(
                "UPDATE proposals SET state = 'approved', decided_by = 'anna' WHERE id = :id",
                id=proposal.id,
            )
    with pytest.raises(DBAPIError):
        world.change("INSERT INTO proposals (action, state) VALUES ('a', 'approved')")


def test_facts_have_one_spelling() -> None:
    assert canonical({"b": [1, None], "a": {"d": True, "c": "ё"}}) == (
        '{"a":{"c":"ё","d":true},"b":[1,null]}'
    )
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    for wrong in ({"a": 1.5}, {1: "a"}, {"a": [b"x"]}, {"a": {1}}):
        with pytest.raises(TypeError):
            canonical(wrong)  # type: ignore[arg-type]


def test_olga_may_not_approve(world: World) -> None:
    with pytest.raises(RoleTooLow):
        approved(world, proposed(world, by=ANNA), by=OLGA)
