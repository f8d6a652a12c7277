"""An Origin that is none: no page of ours sent it, and it is nobody's fault but the sender's."""

import pytest

from tests.world import World


@pytest.mark.parametrize("origin", ["http://[", "https://]", "http://[::1", "null", "", "x y"])
def test_what_is_no_origin_is_refused(world: World, origin: str) -> None:
    body = {"phone": "+79000000001", "password": "Korova-9-letit", "kind": "browser"}
    answer = world.client().post("/api/v1/sign-in/password", json=body, headers={"Origin": origin})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "from_another_site")
