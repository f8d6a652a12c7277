"""Codes go to mobile numbers of the club's countries: each message costs, and some earn by it."""

from typing import Any

import pytest

from tests.signing_in import fresh, give_password, solved
from tests.world import World, day
from tracker.access.reach import takes_codes
from tracker.kit.countries import countries_from
from tracker.kit.database import unit_of_work
from tracker.members.service import Newcomer, join_many

COUNTRIES = countries_from("RU,AM,AZ,BY,GE,KG,KZ,MD,TJ,UA,UZ")
PREMIUM, TOLL_FREE = "+78095553535", "+78005553535"
SATELLITE, ABROAD = "+870773111632", "+46701234567"


@pytest.mark.parametrize(
    "phone",
    ["+79001234567", "+79000000001", "+37493123456", "+77011234567", "+375291234567"],
)
def test_mobile_numbers_of_these_countries(phone: str) -> None:
    assert takes_codes(phone, COUNTRIES)


@pytest.mark.parametrize(
    "phone",
    [
        PREMIUM,
        TOLL_FREE,
        SATELLITE,
        ABROAD,
        "+74951234567",  # a telephone on a wall
        "+882161234567",  # of no country
        "+12025550100",
        "+19005550100",
    ],
)
def test_and_no_others(phone: str) -> None:
    assert not takes_codes(phone, COUNTRIES)


@pytest.mark.parametrize("text", ["", "RU,", "ru", "Russia", "RU;KZ"])
def test_a_setting_that_names_no_country(text: str) -> None:
    with pytest.raises(ValueError, match="is not a country"):
        countries_from(text)


@pytest.mark.parametrize("path", ["joining", "sign-in/code"])
@pytest.mark.parametrize("phone", [PREMIUM, TOLL_FREE, SATELLITE, ABROAD])
def test_such_a_number_is_refused_and_nothing_is_spent(world: World, path: str, phone: str) -> None:
    body = {"phone": phone, "captcha": solved(world)}
    refused(world.client().post(f"/api/v1/{path}", json=body))
    assert traces(world) == []


def test_a_members_number_as_well(world: World) -> None:
    with unit_of_work(world.tools.engine) as session:
        join_many(session, world.tools.settings.keys, [Newcomer(ABROAD, day(1))], day(1))
    body = {"phone": ABROAD, "captcha": solved(world)}
    refused(world.client().post("/api/v1/sign-in/code", json=body))


def test_of_relatives_and_of_a_change_too(world: World) -> None:
    member = fresh(world)
    give_password(world, member)
    app = world.signed_in(member)
    wanted: dict[str, Any] = {"phone": PREMIUM, "share_percent": "10.00"}
    refused(app.post("/api/v1/relatives", json=wanted))
    change = {"phone": PREMIUM, "password": "Korova-9-letit"}
    refused(app.post("/api/v1/number", json=change))
    assert traces(world) == []


def refused(response: Any) -> None:
    assert (response.status_code, response.get_json()["code"]) == (422, "phone_not_reachable")


def traces(world: World) -> list[Any]:
    """What a message would have cost or left."""
    return world.query(
        "SELECT scope FROM budget_counts WHERE scope LIKE 'sms%'"
        " UNION ALL SELECT purpose FROM one_time_codes UNION ALL SELECT key FROM notifications"
    )
