"""Salons, what members show there, and the staff."""

import itertools
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from werkzeug.test import TestResponse

from tests.clients import Cabinet
from tests.tracker.certificates.saving import NOW, buy, issued, rich
from tests.world import Shop, World
from tracker.certificates.codes import RANDOM_BITS, code_of, grouped
from tracker.certificates.salons import Act, open_salon
from tracker.certificates.showing import show
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role
from tracker.staff.service import hire

URL = "/salon/api/v1/certificates/redeem"
DESK = "/admin/api/v1/certificates"

_RECEIPTS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Salon:
    """A salon that is open."""

    slug: str
    key: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A certificate, and the code that is good for it."""

    id: int
    member: int
    code: str


def salon_of(world: World, slug: str = "arbat") -> Salon:
    """A new salon."""
    with unit_of_work(world.tools.engine) as session:
        act = Act("anna", "it opens")
        key = open_salon(session, world.tools.settings.keys, slug, slug.title(), act)
    return Salon(slug, key)


def paper(world: World, shop: Shop, amount: float = 1_000, days: int | None = None) -> Paper:
    """A certificate in the hands of a new member, who has 500.00 left."""
    member = rich(world, shop, amount + 500)
    (one,) = buy(world, member, amount)
    issued(world, valid_days=days)
    return Paper(one.id, member, code_for(world, one.id, member))


def code_for(world: World, certificate: int, member: int, now: datetime = NOW) -> str:
    """A new code, as the member is shown it."""
    keys, chance = world.tools.settings.keys, secrets.randbits(RANDOM_BITS)
    with unit_of_work(world.tools.engine) as session:
        return grouped(show(session, keys, certificate, member, now, chance=chance).code)


def wrong_code() -> str:
    """One that nobody was ever shown, with the right check symbols."""
    return grouped(code_of(secrets.randbits(RANDOM_BITS)))


def fresh_receipt() -> str:
    """A receipt that no salon has written before."""
    return f"R-{next(_RECEIPTS)}"


def present(
    world: World,
    salon: Salon,
    code: str,
    receipt: str | None = None,
    /,
    *,
    headers: dict[str, str] | None = None,
    **changed: Any,
) -> TestResponse:
    """A salon tells a code."""
    body = {"code": code, "receipt_id": receipt or fresh_receipt(), "salon_id": salon.slug}
    given = {"Authorization": f"Bearer {salon.key}", **(headers or {})}
    return world.client().post(URL, json=body | changed, headers=given)


def told(response: TestResponse) -> tuple[int, str]:
    """A refusal's status and code."""
    return response.status_code, response.get_json()["code"]


def staff(world: World, login: str, role: Role) -> Cabinet:
    """A client of one of the staff."""
    with unit_of_work(world.tools.engine) as session:
        return Cabinet(world.app, hire(session, world.tools.settings.keys, login, role))


def acts(world: World) -> list[tuple[str, str, str, str | None]]:
    """What was audited of certificates and salons, in its order."""
    rows = world.query(
        "SELECT who, action, subject, reason FROM audit_entries"
        " WHERE action LIKE 'certificate.%' OR action LIKE 'salon.%' ORDER BY id"
    )
    return [tuple(row) for row in rows]
