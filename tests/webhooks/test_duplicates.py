"""The same webhook-id again: with the same body, or with another one."""

import hashlib

from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from tests.doors import both_doors
from tests.webhooks.letters import body, problem, stored
from tests.world import Shop, World

pytestmark = both_doors


def conflicts(house: World, shop: Shop) -> list[bytes]:
    sql = """
        SELECT aside.body, aside.sha256 FROM inbox_conflicts AS aside
        JOIN inbox_events ON inbox_events.id = aside.event_id
        WHERE shop_id = :shop ORDER BY aside.received_at
    """
    rows = house.query(sql, shop=shop.id)
    assert all(hashlib.sha256(row.body).digest() == bytes(row.sha256) for row in rows)
    return [bytes(row.body) for row in rows]


def metric(house: World, name: str) -> float:
    families = text_string_to_metric_families(house.client().get("/metrics").text)
    return next(one.samples[0].value for one in families if one.name == name)


def test_another_body_is_kept_aside_once_and_staff_are_told(house: World, shop: Shop) -> None:
    first, second, third = body(), body(), body()
    before = metric(house, "tracker_inbox_conflicts")
    house.post(shop, first, webhook_id="msg")
    with capture_logs() as logs:
        for other in (second, third, second, second):
            problem(house.post(shop, other, webhook_id="msg"), 409, "webhook_id_reused")
    assert stored(house, shop) == ["msg"]
    assert conflicts(house, shop) == [second, third]
    alerts = [one for one in logs if one["event"] == "webhook_id_reused"]
    assert [one["log_level"] for one in alerts] == ["error", "error"]
    assert {one["shop_id"] for one in alerts} == {shop.id}
    assert metric(house, "tracker_inbox_conflicts") == before + 2


def test_after_a_conflict_the_first_body_is_still_a_duplicate(house: World, shop: Shop) -> None:
    first = body()
    house.post(shop, first, webhook_id="msg")
    house.post(shop, body(), webhook_id="msg")
    assert house.post(shop, first, webhook_id="msg").status_code == 200


def test_the_same_json_in_other_bytes_is_another_body(house: World, shop: Shop) -> None:
    """What was signed is bytes, and bytes are compared."""
    raw = body()
    house.post(shop, raw, webhook_id="msg")
    problem(house.post(shop, raw + b" ", webhook_id="msg"), 409, "webhook_id_reused")


def test_ids_are_told_apart_by_every_byte(house: World, shop: Shop) -> None:
    raw = body()
    ids = ["msg", "MSG", "msg ", " msg", "msg.", "x" * 199, "x" * 200]
    for webhook_id in ids:
        assert house.post(shop, raw, webhook_id=webhook_id).status_code == 202
    assert stored(house, shop) == ids


def test_an_id_belongs_to_its_shop(house: World, shop: Shop) -> None:
    other = house.shop(f"{shop.slug}-beside")
    raw = body()
    assert house.post(shop, raw, webhook_id="msg").status_code == 202
    assert house.post(other, body(), webhook_id="msg").status_code == 202
    assert house.post(other, raw, webhook_id="msg").status_code == 409


def test_an_event_that_was_handled_is_still_a_duplicate(world: World) -> None:
    shop = world.shop()
    raw = body()
    world.post(shop, raw, webhook_id="msg")
    world.work()
    assert world.post(shop, raw, webhook_id="msg").status_code == 200
    assert [row.state for row in world.query("SELECT state FROM inbox_events")] == ["done"]
    assert world.differences() == []


def test_an_unreadable_body_uses_no_id_up(house: World, shop: Shop) -> None:
    problem(house.post(shop, b"{", webhook_id="msg"), 400, "unreadable")
    assert house.post(shop, body(), webhook_id="msg").status_code == 202
