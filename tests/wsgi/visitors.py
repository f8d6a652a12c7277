"""Who comes by with whatever the API document allows, and what they find: a member with a past."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from partners.reconciliation.rules import days
from partners.reconciliation.service import File, take
from partners.reconciliation.working import work as work_on_statements
from partners.shops.service import find
from tests.clients import Cabinet
from tests.inviting import Inviter, sign_in
from tests.joining import Newcomer
from tests.signing_in import PASSWORD, ask_code, at, give_email, give_password, solved
from tests.stories.months import earns
from tests.tracker.certificates.salon import code_for, salon_of
from tests.tracker.reports.asking import writes
from tests.world import World, confirmed, created, day, returned
from tracker.adjustments.rules import Adjustment, Cause
from tracker.adjustments.rules import Kind as Sort
from tracker.adjustments.service import ask_for
from tracker.certificates.jobs import work
from tracker.certificates.voiding import void
from tracker.kit.database import unit_of_work
from tracker.kit.runtime import Runtime
from tracker.reports.contracts import Asked
from tracker.reports.rules import Format
from tracker.reports.service import ask
from tracker.staff.rules import Role
from tracker.staff.service import Person, hire
from wiring.reports import REPORTS

TODAY = day(40)
PDF = "JVBERi0xLjcgYSByZWNlaXB0"
OLGA = Person("olga", Role.OPERATOR)
_NUMBERS = itertools.count(1)


@dataclass(slots=True)
class Scene:
    """A deployment of which nobody has had too much yet, and a member who has been around."""

    world: World
    member: int
    staff: str
    """The token of somebody who may do all that staff may."""
    salon: str
    """The key of a salon."""
    parts: Mapping[str, Callable[[], str]]
    """What the parts of paths may be for something to be there."""
    fields: Mapping[str, Callable[[], Any]]
    """Fields that nobody hits upon by chance."""

    def headers(self, who: str) -> dict[str, str]:
        """Of a member who signed in a moment ago, of the staff, of a salon, of a stranger."""
        if who == "stranger":
            return {}
        token = self.salon if who == "salon" else self.staff
        if who == "member":
            token = self.world.signed_in(self.member).token
        return {"Authorization": f"Bearer {token}"}

    def forget_tries(self) -> None:
        """Nobody has tried anything too often."""
        self.world.change("UPDATE budget_counts SET count = 0")

    def filled(self, given: Any, *, path: bool = False) -> Any:
        """A body, or the parts of a path, in which what is named stands for something."""
        known = self.parts if path else self.fields
        if not isinstance(given, dict):
            return given
        good = {name: known[name]() if name in known else value for name, value in given.items()}
        if "fixed_amount" in good:
            good.pop("share_percent", None)  # either, and not both: the document cannot say that
        return good


@contextmanager
def scene_of(tools: Runtime) -> Iterator[Scene]:
    """Set a scene in an empty deployment."""
    free = replace(
        tools.settings,
        sms_budgets=(),
        mail_budgets=(),
        sign_in_budgets=(),
        certificate_void_limit=0,  # or the first void would leave nothing to look at
    )
    world = at(World(replace(tools, settings=free)), TODAY)
    inviter = Inviter(world, world.shop("tea"))
    member, friend = inviter.member, inviter.friend()
    give_password(world, member)
    give_email(world, member, "anna@example.org")
    for one in (member, friend):
        sign_in(world, one, "one telephone for two")
    _buys(world, inviter, friend)
    earns(world, inviter.shop, member, 500, on=20)
    parts = _parts(world, member, friend)
    with unit_of_work(world.tools.engine) as session:
        staff = hire(session, world.tools.settings.keys, "anna", Role.ADMIN)
        hire(session, world.tools.settings.keys, "gleb", Role.VIEWER)
    yield Scene(world, member, staff, salon_of(world).key, parts, _fields(world, member))


def _buys(world: World, inviter: Inviter, friend: int) -> None:
    """Orders that are paid, pending, given back in part, flagged, and nobody's."""
    tea, member = inviter.shop, inviter.member
    for order, on in (("A-1", 1), ("A-2", 32), ("A-3", 33)):
        inviter.buys(member, order, on, 1000, 500)
    inviter.buys(friend, "F-1", 34)
    inviter.keeps("A-1", 2)
    world.settle("2011-01", day(31))
    world.tell(tea, returned("A-2", "R-1", {"1": 300}, at=day(35)))
    world.tell(tea, confirmed("A-2", at=day(36)))
    world.tell(tea, created("N-1", None, 1000, at=day(34)))


def _parts(world: World, member: int, friend: int) -> dict[str, Callable[[], str]]:
    app = world.signed_in(member)
    (flagged,) = world.query("SELECT id, purchase_id, flag FROM purchase_flags LIMIT 1")
    (event, *_) = world.query("SELECT id FROM inbox_events ORDER BY id LIMIT 1")
    (line,) = world.query("SELECT id FROM purchases WHERE order_id = 'A-2'")
    claim = _claim(app)
    certificate = _certificate(world, app)
    asked_for = _certificate(world, app)
    with unit_of_work(world.tools.engine) as session:
        void(session, world.tools, asked_for["id"], OLGA, "a mistake")
    (asked,) = world.query("SELECT id FROM proposals WHERE action = 'certificate.void'")
    (file,) = world.query("SELECT id FROM claim_files")
    (code,) = world.query("SELECT referral_code FROM members WHERE id = :id", id=member)
    same = {
        "slug": "tea",
        "period": "2011-01",
        "finding_id": "1",
        "payout_id": "1",
        "event_id": str(event.id),
        "code": code.referral_code,
        "line_id": f"p{line.id}-accrued",
        "claim_id": str(claim["id"]),
        "file_id": str(file.id),
        "member_id": str(member),
        "friend_id": str(friend),
        "login": "gleb",
        "token_id": "2",
        "certificate_id": str(certificate["id"]),
        "void_id": str(asked.id),
        "proposal_id": str(asked.id),
        "adjustment_id": str(_adjustment(world, member)),
        "export_id": str(_export(world)),
        "statement_id": str(_statement(world)),
        "part": "1",
        "report_name": "aging",
        "document": "journal",
        "name": "inbox_parked",
        "invoice_id": "1",
        "payment_id": "1",
        "match_id": "1",
        "purchase_id": str(flagged.purchase_id),
        "flag": flagged.flag,
    }
    return {
        **{name: partial(str, value) for name, value in same.items()},
        "session_id": lambda: _session(world.signed_in(member)),
        "relative_id": lambda: _relative(world.signed_in(member)),
        "goal_id": lambda: _goal(world.signed_in(member)),
    }


def _statement(world: World) -> int:
    """A shop's statement that differs from our books."""
    raw = b"order_id,ordered_at,amount,status\nT-1,2011-01-04T12:00:00+03:00,70.00,open\n"
    tools = world.tools
    with unit_of_work(tools.engine) as session:
        file = File("statement.csv", days(TODAY.date() - timedelta(days=9), TODAY.date()))
        shop = find(session, "tea").id
        made = take(session, tools.settings.keys, shop, file, raw=raw, who="anna")
    while work_on_statements(tools.engine, tools.settings.keys, world.programme):
        pass
    return made.id


def _session(app: Cabinet) -> str:
    return str(app.get("/api/v1/sessions").get_json()["items"][-1]["id"])


def _goal(app: Cabinet) -> str:
    """One that stands."""
    found = app.get("/api/v1/goals").get_json()["items"]
    made = found or [app.post("/api/v1/goals", json={"name": "Tea", "target": "1.00"}).get_json()]
    return str(made[0]["id"])


def _relative(app: Cabinet) -> str:
    """One who has not agreed yet."""
    for one in app.get("/api/v1/relatives").get_json()["items"]:
        if one["state"] == "unconfirmed":
            return str(one["id"])
    wish = {"phone": _phone(), "share_percent": "1.00"}
    return str(app.post("/api/v1/relatives", json=wish).get_json()["id"])


def _claim(app: Cabinet) -> dict[str, Any]:
    body = {
        "shop": "tea",
        "order_id": "C-1",
        "ordered_at": day(34).isoformat(),
        "amount": "1000.00",
        "evidence": [PDF],
    }
    response = app.post("/api/v1/claims", json=body)
    assert response.status_code == 201, response.get_json()
    claim: dict[str, Any] = response.get_json()
    return claim


def _certificate(world: World, app: Cabinet) -> dict[str, Any]:
    """One whose code can be shown."""
    response = app.post("/api/v1/certificates", json={"amount": "100.00"})
    assert response.status_code == 201, response.get_json()
    while work(world.tools.engine, TODAY, None):
        pass
    certificate: dict[str, Any] = response.get_json()["items"][0]
    return certificate


def _adjustment(world: World, member: int) -> int:
    """One that waits for its approval."""
    one = Adjustment(
        kind=Sort.GOODWILL, member_id=member, amount=100, cause=Cause.APOLOGY, note="as promised"
    )
    with unit_of_work(world.tools.engine) as session:
        return ask_for(session, world.tools, one, OLGA).id


def _export(world: World) -> int:
    """One of the staff's, whose file is there."""
    with unit_of_work(world.tools.engine) as session:
        wish = ask(session, "anna", REPORTS["aging"], Format.CSV, Asked(as_of=TODAY)).id
    writes(world)
    return wish


def _fields(world: World, member: int) -> dict[str, Callable[[], Any]]:
    def begun() -> str:
        newcomer = Newcomer(world, _phone())
        newcomer.begin()
        return newcomer.token

    (*_, latest) = world.query("SELECT id FROM certificates ORDER BY id")
    shown = code_for(world, latest.id, member, TODAY)
    return {
        "phone": _phone,
        "email": lambda: f"somebody-{next(_NUMBERS)}@example.org",
        "captcha": lambda: solved(world),
        "joining": begun,
        "sign_in": lambda: ask_code(world, world.phone(member)),
        "password": lambda: PASSWORD,
        "shop": lambda: "tea",
        "ordered_at": lambda: day(34).isoformat(),
        "evidence": lambda: [PDF],
        "order_id": lambda: f"order-{next(_NUMBERS)}",
        "amount": lambda: "1000.00",
        "fixed_amount": lambda: "1000.00",
        "salon_id": lambda: "arbat",
        "code": lambda: shown,
    }


def _phone() -> str:
    return f"+79005{next(_NUMBERS):06}"
