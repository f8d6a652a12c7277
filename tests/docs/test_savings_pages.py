"""The pages on goals, certificates and salons are true: routes, roles, states, codes, limits."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.docs.pages import Table, blocks, code, matches, page, tables
from tests.signing_in import at
from tests.tracker.certificates.saving import NOW, buy, issued, rich
from tests.world import World
from tracker.access.budgets import BudgetUsedUp
from tracker.certificates import api, misses
from tracker.certificates.codes import LENGTH, RANDOM_BITS
from tracker.certificates.denominations import (
    DENOMINATIONS,
    MOST_PARTS,
    CannotBeSplit,
    NotADenomination,
    parts_of,
)
from tracker.certificates.gauges import gauges
from tracker.certificates.rules import (
    CertificateNotFound,
    CertificateNotReady,
    CertificateOver,
    CertificateState,
    NotEnoughSaved,
    OrderKeyUsed,
    OrderTooLarge,
    TooManyCertificates,
)
from tracker.certificates.salon_rules import (
    MAX_RECEIPT,
    CertificateRedeemed,
    CodeNotAccepted,
    SalonNotAccepted,
)
from tracker.certificates.salons import Act, open_salon
from tracker.certificates.showing import show
from tracker.certificates.staff_schemas import RedemptionSchema
from tracker.goals.api import ACTS_AN_HOUR
from tracker.goals.rules import (
    MOST_GOALS,
    GoalNotFound,
    GoalsOutOfDate,
    GoalState,
    GoalUnsound,
    Move,
    Pot,
    TooManyGoals,
    rearrange,
)
from tracker.kit.database import unit_of_work
from tracker.kit.money import format_rubles, parse_rubles

GOALS, CERTIFICATES, SALONS = (
    page(name) for name in ("members/goals.md", "members/certificates.md", "salons.md")
)


def having(text: str, column: str) -> Iterator[Table]:
    """The tables of a page that have a column."""
    return (one for one in tables(text) if column in one.rows[0])


def words(text: str, column: str) -> set[str]:
    """What stands between backticks in the columns of this name."""
    return {word for one in having(text, column) for row in one.rows for word in code(row[column])}


def unwrapped(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("text", [GOALS, CERTIFICATES])
def test_the_routes_are_these(world: World, text: str) -> None:
    told = {(method, rule) for word in words(text, "route") for method, rule in [word.split(" ")]}
    served = {
        (method, re.sub(r"<[^>]+>", "{id}", rule.rule))
        for rule in world.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if re.match(r"/(admin/)?api/v1/(goals|certificates)", rule.rule)
    }
    room = "goals" if text is GOALS else "certificates"
    assert told == {one for one in served if room in one[1]}


def test_staff_need_these_roles(world: World) -> None:
    document = world.client().get("/openapi.json").get_json()
    (routes,) = [one for one in having(CERTIFICATES, "route") if "needs" in one.rows[0]]
    for row in routes.rows:
        for word in code(row["route"]):
            method, path = word.split(" ")
            operations = {
                re.sub(r"\{\w+\}", "{id}", each): told for each, told in document["paths"].items()
            }
            said = json.dumps(operations[path][method.lower()])
            assert row["needs"] in said, word


def test_the_states_are_these() -> None:
    assert words(GOALS, "`state`") == set(GoalState)
    assert words(CERTIFICATES, "`state`") == set(CertificateState)


def test_the_codes_are_these() -> None:
    column = "status, `code`"
    goals = (GoalNotFound, TooManyGoals, GoalsOutOfDate, GoalUnsound)
    assert words(GOALS, column) == {*(one.code for one in goals), BudgetUsedUp.code, "invalid"}
    certificates = (
        CertificateNotFound,
        GoalNotFound,
        NotEnoughSaved,
        OrderKeyUsed,
        CertificateNotReady,
        CertificateOver,
        NotADenomination,
        CannotBeSplit,
        OrderTooLarge,
        TooManyCertificates,
        BudgetUsedUp,
    )
    assert words(CERTIFICATES, column) == {one.code for one in certificates}
    salons = (SalonNotAccepted, CodeNotAccepted, CertificateRedeemed, BudgetUsedUp)
    assert words(SALONS, column) == {*(one.code for one in salons), "invalid"}


@pytest.mark.parametrize("text", [GOALS, CERTIFICATES])
def test_what_the_pages_ask_is_answered(world: World, text: str) -> None:
    member = rich(world, world.shop(cashback=1000), 1_500)
    app = at(world, NOW).signed_in(member)
    (asked,) = [one.text for one in blocks(text) if one.language == "sh"]
    for line in asked.splitlines():
        method, path, *body = line.split(maxsplit=2)
        more = {"json": json.loads(body[0].strip("'"))} if body else {}
        answer = getattr(app, method)(f"/api/v1/{path}", **more)
        assert answer.status_code in (200, 201), (line, answer.get_json())
        issued(world)


def test_goals_are_filled_as_in_the_example() -> None:
    assert f"There may be {MOST_GOALS} at a time" in unwrapped(GOALS)
    assert f"given up {ACTS_AN_HOUR} times within the hour" in GOALS
    one, two, both, first, second, more, then = (
        parse_rubles(sum_)
        for sum_ in re.findall(r"(\d+\.\d\d)", GOALS[GOALS.index("With goals of") :])[:7]
    )
    pots = [Pot(1, one, 0, True), Pot(2, two, 0, True)]
    assert rearrange(both, pots) == [Move(1, first), Move(2, second)]
    pots = [Pot(1, one, first, True), Pot(2, two, second, True)]
    assert rearrange(more, pots) == [Move(2, then - second)]


def test_the_denominations_and_the_split_are_these(world: World) -> None:
    assert f"the {len(DENOMINATIONS)} sums" in CERTIFICATES
    assert f"At most {MOST_PARTS} at once" in unwrapped(CERTIFICATES)
    whole, *parts = re.findall(
        r"([\d,]+\.00)", re.findall(r"can be: (.*?00\.00\.)", unwrapped(CERTIFICATES))[0]
    )
    made = parts_of(parse_rubles(whole.replace(",", "")), split=True)
    assert [format_rubles(one) for one in made] == [one.replace(",", "") for one in parts]


def test_the_settings_and_limits_are_these(world: World) -> None:
    settings = world.tools.settings
    (limits,) = having(CERTIFICATES, "setting")
    told = {code(row["setting"])[0]: row["default"].replace(",", "") for row in limits.rows}
    assert told == {
        "CERTIFICATE_PER_DAY": str(settings.certificate_per_day),
        "CERTIFICATE_SUM_PER_DAY": format_rubles(settings.certificate_sum_per_day),
        "CERTIFICATE_REVIEW_FROM": format_rubles(settings.certificate_review_from),
        "CERTIFICATE_VALID_DAYS": "none",
    }
    assert settings.certificate_valid_days is None
    void_limit = re.findall(r"CERTIFICATE_VOID_LIMIT` \(([\d,.]+)\)", CERTIFICATES)[0]
    assert parse_rubles(void_limit.replace(",", "")) == settings.certificate_void_limit
    assert f"{api.CODES_AN_HOUR} codes were asked for within the hour" in CERTIFICATES
    assert f"{LENGTH} symbols" in CERTIFICATES
    assert f"({RANDOM_BITS} bits)" in CERTIFICATES


def test_the_gauges_are_these(world: World) -> None:
    with unit_of_work(world.tools.engine) as session:
        assert words(CERTIFICATES, "gauge") == {f"tracker_{name}" for name in gauges(session)}


def test_wrong_codes_are_counted_so() -> None:
    (counted,) = having(SALONS, "wrong codes")
    told = [int(row["wrong codes"].replace(",", "")) for row in counted.rows]
    assert told == [misses.ALARM, misses.OF_SALON, misses.OF_ADDRESS, misses.IN_ALL]
    assert f"up to {MAX_RECEIPT} printable characters" in SALONS
    assert words(SALONS, "field") == set(RedemptionSchema().fields)


def test_a_salon_takes_one_as_it_says(world: World) -> None:
    keys = world.tools.settings.keys
    member = rich(world, world.shop(cashback=1000), 1_500)
    (one,) = buy(world, member, 1_500)
    issued(world)
    with unit_of_work(world.tools.engine) as session:
        key = open_salon(session, keys, "tverskaya", "Tverskaya 1", Act("anna", "opened"))
        shown = show(session, keys, one.id, member, NOW, chance=17)
    asked, answer = [block.text for block in blocks(SALONS)]
    path = re.findall(r"\$TRACKER_URL(/[^\"]*)", asked)[0]
    body = re.findall(r"-d '(\{.*\})'", asked)[0].replace("'\"$CODE\"'", shown.code)
    for _ in range(2):
        got: Any = world.client().post(
            path,
            data=body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )
        assert got.status_code == 200
        assert matches(answer, json.dumps(got.get_json(), sort_keys=True))
