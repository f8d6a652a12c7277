"""What an orchestrator and Prometheus ask."""

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from tests.webhooks.letters import body
from tests.world import World
from tracker.kit.database import make_engine, unit_of_work
from tracker.kit.runtime import Runtime
from tracker.kit.tasks import Nudger, connect_redis

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def without_database(tools: Runtime) -> World:
    """The same process with its database out of reach."""
    return World(replace(tools, engine=make_engine(NOWHERE, pool_size=1)))


def without_redis(tools: Runtime) -> World:
    """The same process with its Redis out of reach."""
    return World(replace(tools, nudger=Nudger(connect_redis("redis://127.0.0.1:1/0"))))


def test_a_process_that_answers_is_live(tools: Runtime) -> None:
    for world in (World(tools), without_database(tools), without_redis(tools)):
        response = world.client().get("/health/live")
        assert (response.status_code, response.get_json()) == (200, {"status": "live"})


def test_ready_tells_what_waits_and_for_how_long(world: World) -> None:
    empty = world.client().get("/health/ready")
    assert empty.status_code == 200
    assert empty.get_json() == {
        "status": "ready",
        "database": "ok",
        "redis": "ok",
        "inbox_waiting": 0,
        "inbox_oldest_seconds": 0,
        "inbox_parked": 0,
    }
    shop = world.shop()
    world.post(shop, body())
    world.post(shop, body())
    with unit_of_work(world.tools.engine) as session:
        session.execute(text("UPDATE inbox_events SET lease_until = now() + interval '1 hour'"))
    found = world.client().get("/health/ready").get_json()
    assert found["inbox_waiting"] == 2
    assert 0 < found["inbox_oldest_seconds"] < 60


def test_not_ready_without_the_database(tools: Runtime) -> None:
    response = without_database(tools).client().get("/health/ready")
    assert response.status_code == 503
    found = response.get_json()
    assert (found["status"], found["redis"]) == ("not_ready", "ok")
    assert found["database"] == "OperationalError"


def test_not_ready_while_the_database_is_read_only(tools: Runtime) -> None:
    standby = tools.engine.execution_options(postgresql_readonly=True)
    response = World(replace(tools, engine=standby)).client().get("/health/ready")
    assert response.status_code == 503
    found = response.get_json()
    assert (found["status"], found["database"], found["redis"]) == ("not_ready", "read_only", "ok")
    assert World(tools).client().get("/health/ready").status_code == 200


def test_redis_away_is_told_and_stops_no_traffic(tools: Runtime) -> None:
    response = without_redis(tools).client().get("/health/ready")
    assert response.status_code == 200
    assert response.get_json()["redis"] == "away"


def test_metrics_are_prometheus_text(world: World) -> None:
    shop, member = world.shop(), world.member()
    world.post(shop, body(click_id=world.click(member, shop)))
    response = world.client().get("/metrics")
    assert response.status_code == 200
    assert response.mimetype == "text/plain"
    assert "version=" in response.headers["Content-Type"]
    families = {one.name: one for one in text_string_to_metric_families(response.text)}
    assert all(name.startswith("tracker_") for name in families)
    assert {"gauge"} == {one.type for one in families.values()}
    for name, value in {
        "tracker_inbox_waiting": 1,
        "tracker_inbox_parked": 0,
        "tracker_inbox_conflicts": 0,
        "tracker_payouts_paid": 0,
    }.items():
        assert families[name].samples[0].value == value


def test_metrics_without_the_database_are_an_outage_and_no_zeros(tools: Runtime) -> None:
    response = without_database(tools).client().get("/metrics")
    assert response.status_code == 503
    assert response.get_json()["code"] == "database_unavailable"


def test_questions_of_health_need_no_token_and_change_nothing(world: World) -> None:
    for path in ("/health/live", "/health/ready", "/metrics"):
        assert world.client().post(path).status_code == 405
