"""Bodies and addresses that are meant to hurt: answered in the 4xx, whoever sends them."""

import pytest

from tests.world import World
from tracker.kit.database import unit_of_work
from tracker.kit.http import MAX_BODY
from tracker.staff.rules import Role
from tracker.staff.service import hire

APPROVE = "/admin/api/v1/settlements/2011-01/approve"
NASTY = [b"[" * 100_000, b'{"sha256": ' + b"9" * 5_000 + b"}", b"\xff", b"null", b"[]"]


@pytest.mark.parametrize("body", NASTY, ids=["deep", "long number", "no text", "null", "list"])
def test_a_stranger_is_asked_who_it_is_before_the_body_is_read(world: World, body: bytes) -> None:
    answer = world.client().post(APPROVE, data=body, content_type="application/json")
    assert answer.status_code == 401


@pytest.mark.parametrize("body", NASTY, ids=["deep", "long number", "no text", "null", "list"])
def test_what_staff_send_is_refused_and_no_fault_of_ours(world: World, body: bytes) -> None:
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, "anna", Role.APPROVER)
    answer = world.client().post(
        APPROVE,
        data=body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code in (400, 422)
    assert answer.mimetype == "application/problem+json"


def test_a_body_without_end_is_not_taken_in(world: World) -> None:
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, "anna", Role.APPROVER)
    headers = {"Authorization": f"Bearer {token}"}
    body = b'{"sha256": "' + b"a" * MAX_BODY + b'"}'
    answer = world.client().post(
        APPROVE, data=body, content_type="application/json", headers=headers
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("slug", ["%00", "shop%00", "%0a", "%ff", "a" * 5_000])
def test_a_shop_that_cannot_be_is_a_shop_that_is_not(world: World, slug: str) -> None:
    answer = world.client().post(f"/webhooks/{slug}", data=b"{}", content_type="application/json")
    assert answer.status_code == 404
