"""docs/finance/two-people.md and adjustments.md are true: their tables, and what they send."""

import json
import re
from typing import Any

import pytest

from tests.clients import Cabinet
from tests.docs.pages import blocks, code, page, table, tables
from tests.tracker.adjustments.staff import hired
from tests.world import World
from tracker.adjustments.rules import CAUSES
from tracker.kit.money import parse_rubles, percent_to_basis_points
from tracker.staff.rules import Role
from wiring.proposals import ACTIONS

TWO, ADJUSTMENTS = page("finance/two-people.md"), page("finance/adjustments.md")


@pytest.fixture
def staff(world: World) -> dict[str, Cabinet]:
    """By the names that the pages give their tokens."""
    names = {"VERA": Role.OPERATOR, "BORIS": Role.APPROVER, "ANNA": Role.ADMIN}
    return {name: hired(world, name.lower(), role) for name, role in names.items()}


def sent(text: str, staff: dict[str, Cabinet], **variables: str) -> list[Any]:
    """What the calls of a page are answered, one after another."""
    found = []
    for one in blocks(text):
        for call in re.split(r"(?m)^curl ", one.text)[1:] if one.language == "sh" else ():
            path = re.findall(r'"\$API(/\S*)"', call)[0].replace("$ID", variables.get("ID", ""))
            who = re.findall(r"Bearer \$(\w+)", call)[0]
            body = re.findall(r"""-d (['"])(.*)\1""", call)[0][1].replace('\\"', '"')
            for name, value in variables.items():
                body = body.replace(f"${name}", value)
            variables["SHA256"] = ""
            response = staff[who].post(path, json=json.loads(body))
            assert response.status_code < 300, response.get_json()
            found.append(response.get_json())
            variables["SHA256"] = found[-1].get("payload_sha256", "")
            variables["ID"] = str(found[-1].get("id", ""))
    return found


def test_every_act_that_takes_two_people_is_told() -> None:
    told = {word for row in table(TWO, "The acts").rows for word in code(row["`action`"])}
    assert told == set(ACTIONS)


def test_the_causes_are_these(world: World) -> None:
    kinds = tables(ADJUSTMENTS)[0].rows
    told = {code(row["`kind`"])[0]: frozenset(code(row["`cause`"])) for row in kinds}
    assert told == {str(kind): causes for kind, causes in CAUSES.items()}
    limit = re.findall(r"`ADJUSTMENT_MAX` \(([\d,.]+)\)", ADJUSTMENTS)[0]
    assert parse_rubles(limit.replace(",", "")) == world.tools.settings.adjustment_max
    rate = re.findall(r"`RATE_CHANGE_LIMIT` \(([\d.]+)\)", TWO)[0]
    assert percent_to_basis_points(rate) == world.tools.settings.rate_change_limit


def test_what_the_pages_send_is_understood(world: World, staff: dict[str, Cabinet]) -> None:
    assert world.member() == 1
    proposed, approved = sent(ADJUSTMENTS, staff)
    assert (proposed["state"], approved["state"]) == ("proposed", "approved")
    world.shop("demo-shop", cashback=1000)
    (changed,) = sent(TWO, staff)
    assert changed == {"state": "changed", "proposal_id": None}
