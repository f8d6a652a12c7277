"""An act that takes two people, made up for tests: a shop is given another name."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.colleagues import ANNA, OLGA
from tests.world import World
from tracker.kit.database import unit_of_work
from tracker.kit.errors import Conflict
from tracker.kit.runtime import Runtime
from tracker.proposals.contracts import Action, Approved, Facts, named
from tracker.proposals.deciding import Outcome, approve, reject, withdraw
from tracker.proposals.models import Proposal
from tracker.proposals.service import Wish, propose
from tracker.staff.service import Person


class NameIsBad(Conflict):
    """Nobody may be called that."""

    code = "name_is_bad"


def _seen(session: Session, payload: Facts) -> Facts:
    query = text("SELECT name FROM shops WHERE slug = :slug FOR UPDATE")
    return {"name": session.scalar(query, {"slug": payload["slug"]})}


def _carry_out(session: Session, house: Runtime, what: Approved) -> Facts:
    if what.payload["name"] == "Bad":
        raise NameIsBad
    query = text("UPDATE shops SET name = :name WHERE slug = :slug")
    session.execute(query, dict(what.payload))
    return {"secret": "shown once"}


RENAME = Action(
    name="shop.rename", about="A shop is given another name.", seen=_seen, carry_out=_carry_out
)
ACTS = named(RENAME)


def wished(name: str = "New", slug: str = "shop", **more: Any) -> Wish:
    """That a shop be called so."""
    told: Mapping[str, Any] = {"subject": f"shop:{slug}", "reason": "they asked", **more}
    return Wish(payload={"slug": slug, "name": name}, **told)


def proposed(world: World, by: Person = OLGA, **wish: Any) -> Proposal:
    """Somebody proposes it."""
    with unit_of_work(world.tools.engine) as session:
        return propose(session, world.tools, RENAME, wished(**wish), by)


def approved(world: World, one: Proposal, by: Person = ANNA, sha256: str | None = None) -> Outcome:
    """Somebody approves it."""
    with unit_of_work(world.tools.engine) as session:
        seal = sha256 or one.payload_sha256
        return approve(session, world.tools, ACTS, one.id, by, sha256=seal, reason="seen")


def rejected(world: World, one: Proposal, by: Person = ANNA) -> Proposal:
    """Somebody refuses it."""
    with unit_of_work(world.tools.engine) as session:
        return reject(session, ACTS, one.id, by, "no")


def withdrawn(world: World, one: Proposal, by: Person = OLGA) -> Proposal:
    """Somebody takes it back."""
    with unit_of_work(world.tools.engine) as session:
        return withdraw(session, ACTS, one.id, by, "a mistake")


def late(world: World, one: Proposal) -> None:
    """Its time is over."""
    world.change_as_owner(
        "UPDATE proposals SET expires_at = now() - interval '1 second' WHERE id = :id", id=one.id
    )


def name_of(world: World) -> str:
    """What the shop is called."""
    return str(world.query("SELECT name FROM shops")[0].name)


def states(world: World) -> list[str]:
    """How the proposals stand."""
    return [row.state for row in world.query("SELECT state FROM proposals ORDER BY id")]
