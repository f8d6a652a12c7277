"""The chain as routes and the proof see it, when the owner of the tables changed something."""

import wiring.alerts
from tests.tracker.adjustments.staff import hired
from tests.tracker.audit.test_audit_chain import keep, tamper, verify
from tests.world import World
from tracker.alerts.looking import look_at_one
from tracker.audit.jobs import export_head
from tracker.staff.rules import Role


def test_over_http_a_cut_end_is_seen_by_a_head_that_was_kept(world: World) -> None:
    vera = hired(world, "vera", Role.VIEWER)
    for who in ("a", "b", "c", "d"):
        keep(world, who)
    export_head(world.tools.engine, world.tools.settings.keys)
    tamper(
        world, "DELETE FROM audit_chain WHERE place = 4", "DELETE FROM audit_entries WHERE id = 4"
    )
    assert verify(world)[0] == 1
    said = vera.get("/admin/api/v1/audit/verify").get_json()
    assert said["next"] is None
    assert said["breaks"] != [], said


def test_over_http_an_act_outside_the_chain_is_seen(world: World) -> None:
    vera = hired(world, "vera", Role.VIEWER)
    keep(world)
    tamper(world, "INSERT INTO audit_entries (who, action, subject) VALUES ('anna', 'x', 'y')")
    assert verify(world)[0] == 1
    said = vera.get("/admin/api/v1/audit/verify").get_json()
    assert said["breaks"] != [], said


def test_over_http_a_forged_signature_is_seen(world: World) -> None:
    vera = hired(world, "vera", Role.VIEWER)
    keep(world)
    export_head(world.tools.engine, world.tools.settings.keys)
    tamper(
        world,
        "ALTER TABLE audit_heads DISABLE TRIGGER USER",
        "UPDATE audit_heads SET signature ="
        " substring(signature FOR length(signature) - 1) || '\\x00'::bytea",
    )
    assert verify(world)[0] == 1
    said = vera.get("/admin/api/v1/audit/verify").get_json()
    assert said["breaks"] != [], said


def test_a_moment_without_end_does_not_blind_the_proof(world: World) -> None:
    for who in ("a", "b", "c"):
        keep(world, who)
    tamper(world, "UPDATE audit_entries SET at = 'infinity' WHERE id = 2")
    conditions = [
        one for one in wiring.alerts.conditions_of(world.tools.settings) if one.name == "proof"
    ]
    while look_at_one(world.tools.engine, conditions, world.tools.clock.now()):
        pass
    held = world.query("SELECT subject FROM alerts WHERE name = 'proof' AND until IS NULL")
    (row,) = world.query("SELECT error FROM alert_conditions WHERE name = 'proof'")
    assert [one.subject for one in held] != [], row.error


def test_a_moment_without_end_is_found_over_http(world: World) -> None:
    vera = hired(world, "vera", Role.VIEWER)
    for who in ("a", "b", "c"):
        keep(world, who)
    tamper(world, "UPDATE audit_entries SET at = 'infinity' WHERE id = 2")
    answer = vera.get("/admin/api/v1/audit/verify")
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["breaks"] != []
