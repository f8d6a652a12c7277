"""Staff routes about what belongs to somebody, or waits for another person: not for everybody.

A new route of that kind asks for an example: what it is, and how it comes to be.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import pytest
from werkzeug.routing import Rule

from tests.tracker.certificates.salon import paper
from tests.tracker.certificates.saving import rich
from tests.tracker.team.people import Desk, said
from tests.world import World
from tests.wsgi.test_staff_matrix import WHY, Made, asked
from tests.wsgi.test_staff_routes import handler, needed, routes
from tracker.kit.database import unit_of_work
from tracker.staff.guard import PREFIX
from tracker.staff.rules import Role
from tracker.staff.service import hire


@dataclass(frozen=True, slots=True)
class Thing:
    """Something of one person, and what others hear of it, or that person themselves."""

    made: Callable[[World, Desk], Made]
    by_others: tuple[int, str] | None = None
    """What everybody else hears, whatever their role; None: it is theirs as much."""
    by_maker: tuple[int, str] | None = None
    """What hears whoever made it, whatever their role."""
    admins_too: bool = False
    """An admin may as well."""
    told: Mapping[str, str] | None = None
    """What the route is told; None: by its name."""


def a_token(_: World, by: Desk) -> Made:
    return {"token_id": str(by.post("/tokens", {"name": "x"}).get_json()["id"])}


def an_export(_: World, by: Desk) -> Made:
    answer = by.post("/reports/aging/exports", {"format": "csv"})
    assert answer.status_code == 202, answer.get_json()
    return {"export_id": str(answer.get_json()["id"])}


def a_proposal(_: World, by: Desk) -> Made:
    asked_for = by.post("/staff", {"login": "new", "role": "operator", "reason": "why"}).get_json()
    return {"proposal_id": str(asked_for["proposal"]["id"])}


def an_adjustment(world: World, by: Desk) -> Made:
    wish = {"kind": "credit", "amount": "50.00", "cause": "missing_cashback", "note": "ticket 17"}
    made = by.post("/adjustments", wish | {"member_id": world.member()})
    return {"adjustment_id": str(made.get_json()["id"])}


def a_void(world: World, by: Desk) -> Made:
    certificate = paper(world, world.shop(), 10_000)
    answer = by.post(f"/certificates/{certificate.id}/void", {"reason": "why"})
    return {"void_id": str(answer.get_json()["voids"][0]["id"])}


def a_list(world: World, by: Desk) -> Made:
    rich(world, world.shop(), 500)
    assert by.post("/settlements", {"period": "2011-01"}).status_code == 200
    return {"period": "2011-01"}


def somebody(_: World, by: Desk) -> Made:
    return {"login": by.get("/session").get_json()["login"]}


NOT_THE_MAKER = (403, "approver_proposed_it")

THINGS: Mapping[str, Thing] = {
    "DELETE tokens/<int:token_id>": Thing(a_token, (404, "token_not_found"), admins_too=True),
    "POST staff/<login>/enrol": Thing(somebody, (403, "role_too_low"), admins_too=True),
    "GET reports/exports/<int:export_id>": Thing(an_export, (404, "export_not_found")),
    "GET reports/exports/<int:export_id>/file": Thing(an_export, (404, "export_not_found")),
    "POST proposals/<int:proposal_id>/approve": Thing(a_proposal, by_maker=NOT_THE_MAKER),
    "POST proposals/<int:proposal_id>/reject": Thing(a_proposal, by_maker=NOT_THE_MAKER),
    "POST proposals/<int:proposal_id>/withdraw": Thing(a_proposal, (403, "not_the_proposer")),
    "POST adjustments/<int:adjustment_id>/approve": Thing(an_adjustment, by_maker=NOT_THE_MAKER),
    "POST adjustments/<int:adjustment_id>/reject": Thing(an_adjustment, by_maker=NOT_THE_MAKER),
    "POST certificates/voids/<int:void_id>/approve": Thing(
        a_void, by_maker=NOT_THE_MAKER, told=WHY
    ),
    "POST certificates/voids/<int:void_id>/reject": Thing(a_void, by_maker=NOT_THE_MAKER, told=WHY),
    "POST settlements/<period>/approve": Thing(a_list, by_maker=(403, "approver_prepared_it")),
}
"""By method and path behind the prefix."""

LOOKED_AT = {"GET claims/<int:claim_id>", "GET claims/<int:claim_id>/files/<int:file_id>"}
"""Where it is noted who looked: nobody's own."""


def name_of(rule: Rule, method: str) -> str:
    plain = rule.rule.replace("(max=9223372036854775807)", "")
    return f"{method} {plain.removeprefix(PREFIX)}"


def depends_on_who_asks(world: World, rule: Rule, method: str) -> bool:
    """Whether a route is about something that is somebody's, or decides about what somebody
    proposed: by what it says of itself, or by its name, or since it looks at who is acting."""
    if not rule.arguments:
        return False
    view = handler(world, rule, method)
    decides = rule.rule.rpartition("/")[2] in ("approve", "reject", "withdraw")
    looks = method == "GET" and "acting" in inspect.unwrap(view).__code__.co_names
    return bool(view.only_own or decides or looks)


def test_whatever_is_somebodys_is_looked_at_here(world: World) -> None:
    """A new route of that kind is to be given an example above."""
    found = {
        name_of(rule, method)
        for rule, method in routes(world)
        if depends_on_who_asks(world, rule, method)
    }
    assert found - LOOKED_AT == set(THINGS)


def rule_named(world: World, name: str) -> tuple[Rule, str]:
    (found,) = [one for one in routes(world) if name_of(*one) == name]
    return found


@pytest.mark.parametrize("name", THINGS)
def test_what_is_somebodys_is_theirs_whoever_asks(world: World, name: str) -> None:
    thing, small = THINGS[name], replace(world.tools.settings, certificate_void_limit=0)
    world = World(replace(world.tools, settings=small))
    people = dict(staff_of(world, "one")), dict(staff_of(world, "other"))
    rule, method = rule_named(world, name)
    maker = people[0][Role.ADMIN]
    made = thing.made(world, maker)
    for role, other in people[1].items():
        if not role.includes(needed(world, rule, method)):
            assert said(asked(other, rule, method, made, thing.told)) == (403, "role_too_low")
        elif thing.by_others and not (thing.admins_too and role is Role.ADMIN):
            assert said(asked(other, rule, method, made, thing.told)) == thing.by_others, role
    if thing.by_maker:
        assert said(asked(maker, rule, method, made, thing.told)) == thing.by_maker
    elif thing.by_others:
        own = asked(maker, rule, method, made, thing.told)
        assert own.status_code not in (403, 404), own.get_json()


def staff_of(world: World, name: str) -> Iterator[tuple[Role, Desk]]:
    """Somebody of each role."""
    keys = world.tools.settings.keys
    for role in Role:
        with unit_of_work(world.tools.engine) as session:
            yield role, Desk(world, hire(session, keys, f"{name}-{role}", role))
