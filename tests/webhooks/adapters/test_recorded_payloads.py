"""Every recorded payload of every dialect means what somebody wrote down, and passes the door."""

from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.test import TestResponse

from partners.credentials.rules import Secret
from partners.dialects.service import speak
from tests.webhooks.adapters.keys import Request, open_by
from tests.webhooks.adapters.payloads import Payload, payloads, stories
from tests.world import Shop, World
from tracker.kit.database import unit_of_work
from webhooks.dialects import NAMES

PAYLOADS = payloads()
RECEIVED = datetime(2010, 12, 24, 12, tzinfo=UTC)

DOORS = [
    pytest.param(one, place, id=f"{one.id}-by-{scheme.name}-{place}")
    for one in PAYLOADS
    for place, scheme in enumerate(one.dialect.schemes)
    if open_by(scheme, one, Secret(0, b"any")) is not None
]


def test_every_dialect_has_payloads_and_a_story() -> None:
    assert {one.dialect_name for one in PAYLOADS} == set(NAMES)
    assert {one.payloads[0].dialect_name for one in stories()} == set(NAMES)


def test_every_payload_says_what_it_is() -> None:
    for one in PAYLOADS:
        assert (one.folder / "notices.json").exists(), one.id


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda one: one.id)
def test_it_means_what_was_written_down(payload: Payload) -> None:
    read = payload.dialect.read
    assert tuple(read(payload.content, RECEIVED)) == payload.meaning(RECEIVED)
    later = RECEIVED + timedelta(days=1)
    assert tuple(read(payload.content, later)) == payload.meaning(later)


@pytest.mark.parametrize(("payload", "place"), DOORS)
def test_it_passes_the_front_door_once(
    house: World, shop: Shop, payload: Payload, place: int
) -> None:
    with unit_of_work(house.tools.engine) as session:
        speak(session, shop.id, payload.dialect_name, payload.mapping)
    scheme = payload.dialect.schemes[place]
    request = open_by(scheme, payload, Secret(shop.id, shop.secret))
    assert request is not None

    first, again = send(house, shop, request), send(house, shop, request)
    assert (first.status_code, first.get_json()["status"]) == (202, "accepted")
    assert (again.status_code, again.get_json()["status"]) == (200, "duplicate")

    house.work()
    (event,) = house.query(
        "SELECT * FROM inbox_events JOIN inbox_bodies ON event_id = id WHERE shop_id = :shop",
        shop=shop.id,
    )
    assert event.trusted is scheme.is_trusted
    assert event.body == payload.content.raw, "neither key nor signature is kept"
    assert event.parked_reason == payload.parked
    assert event.state == ("parked" if payload.parked else "done")


def send(house: World, shop: Shop, request: Request) -> TestResponse:
    """The answer of the front door."""
    return house.client().open(
        f"/webhooks/{shop.slug}?{request.query}",
        method=request.method,
        headers=request.headers,
        data=request.body,
    )


def test_the_proof_finds_what_they_told(house: World) -> None:
    """Whatever of the above this process has run: what was handled is in the facts."""
    assert house.differences() == []
