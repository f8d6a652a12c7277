"""A small world to tell stories in: shops, members, clicks, signed webhooks, days that pass.

It enters by the doors that others use (HTTP, the services that commands call) and looks at what
they would see. Nothing is faked but the operator's billing, where a story does not need it real.
"""

import base64
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

import wsgi
from partners.credentials.service import issue
from partners.links.service import Visit, follow
from partners.offers.service import offer
from partners.shops.rules import Card, Section, ShopStatus
from partners.shops.service import change_the_door, upsert
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.kit.clock import MOSCOW, SystemClock
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.money import format_rubles
from tracker.kit.runtime import Runtime
from tracker.ledger.rules import Difference
from tracker.ledger.service import Balance
from tracker.members.service import Newcomer, join_many
from tracker.purchases.jobs import end_due_holds
from tracker.settlement.jobs import deliver
from tracker.settlement.models import SettlementRun
from tracker.settlement.ports import Answer, BillingGateway, Outcome, TopUp
from tracker.settlement.service import approve, prepare, start
from webhooks.dispatch import Dispatcher
from webhooks.signatures import sign

EPOCH = datetime(2010, 12, 1, tzinfo=MOSCOW)
"""Where stories begin."""


def day(number: float) -> datetime:
    """A moment so many days into the story."""
    return EPOCH + timedelta(days=number)


def rubles(amount: float) -> int:
    """Kopecks of a sum that a story tells in roubles."""
    return round(amount * 100)


@dataclass(slots=True)
class ObedientBilling:
    """An operator that pays whatever it is asked to, and remembers it."""

    paid: dict[str, TopUp] = field(default_factory=dict)

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        self.paid |= {one.key: one for one in batch}
        return [Answer(one.key, Outcome.PAID, f"ref-{one.key}") for one in batch]

    def query(self, top_up: TopUp) -> Answer:
        known = self.paid.get(top_up.key) == top_up
        return Answer(top_up.key, Outcome.PAID if known else Outcome.NOT_FOUND, "ref")

    def statement(self, day: Any) -> list[Any]:
        raise AssertionError(f"no story asks for the statement of {day}")


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop of the story."""

    id: int
    slug: str
    secret: bytes


class World:
    """One deployment, and the people in it."""

    def __init__(self, tools: Runtime) -> None:
        self.tools = tools
        self.app = wsgi.build_app(tools)
        self.programme = wsgi.programme_of(tools.settings)
        self.billing = ObedientBilling()
        self._numbers = itertools.count(1)

    # -- who is there ------------------------------------------------------------------------

    def shop(
        self,
        slug: str = "shop",
        *,
        cashback: int = 1000,
        commission: int = 1200,
        hold_days: int = 30,
        on_hold_end: OnHoldEnd = OnHoldEnd.CONFIRM,
        status: ShopStatus = ShopStatus.ACTIVE,
    ) -> Shop:
        """A shop with an offer (basis points) since before the story, and a secret."""
        address = f"https://{slug}.example/"
        template = address + "?click={click_id}"
        card = Card(slug, slug.title(), Section.SERVICES, "any", address, template, status)
        with unit_of_work(self.tools.engine) as session:
            shop_id = upsert(session, [card])[slug]
            terms = Terms(cashback, commission, hold_days, on_hold_end)
            offer(session, {shop_id: terms}, day(-10))
            secret = issue(session, self.tools.settings.secret_key, shop_id)
            change_the_door(session, shop_id)
        return Shop(shop_id, slug, base64.b64decode(secret.removeprefix("whsec_")))

    def member(self, *, joined: datetime | None = None) -> int:
        """A member with a number of the sample range."""
        phone = f"+7900{next(self._numbers):07d}"
        with unit_of_work(self.tools.engine) as session:
            join_many(session, [Newcomer(phone, joined or day(-5))])
            found = session.scalar(
                text("SELECT id FROM members WHERE phone = :phone"), {"phone": phone}
            )
        assert found is not None
        return int(found)

    def click(self, member: int, shop: Shop, at: datetime | None = None) -> str:
        """The member follows the shop's link; the click's id."""
        with unit_of_work(self.tools.engine) as session:
            return follow(session, [Visit(member, shop.id, at or day(0))])[0].id

    # -- what shops send ---------------------------------------------------------------------

    def client(self) -> FlaskClient:
        """A client of the web service."""
        return self.app.test_client()

    def post(
        self,
        shop: Shop,
        body: bytes | Mapping[str, Any],
        *,
        webhook_id: str | None = None,
        timestamp: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Send a signed body to the front door."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        webhook_id = webhook_id or f"msg_{next(self._numbers)}"
        moment = str(timestamp or int(SystemClock().now().timestamp()))
        signed = {
            "webhook-id": webhook_id,
            "webhook-timestamp": moment,
            "webhook-signature": sign(shop.secret, webhook_id, moment, raw),
            "content-type": "application/json",
        }
        url = f"/webhooks/{shop.slug}"
        return self.client().post(url, data=raw, headers={**signed, **(headers or {})})

    def tell(self, shop: Shop, event: Mapping[str, Any], **options: Any) -> None:
        """Send an event that is accepted, and let a worker handle it."""
        response = self.post(shop, event, **options)
        assert response.status_code == 202, response.get_json()
        self.work()

    def work(self) -> None:
        """A worker handles all that waits."""
        dispatcher = Dispatcher(self.tools.engine, self.programme)
        while dispatcher.handle_chunk():
            pass

    # -- time and money ----------------------------------------------------------------------

    def end_holds(self, at: datetime) -> int:
        """The calendar ends the holds that are over."""
        ended = 0
        while found := end_due_holds(self.tools.engine, at, self.programme):
            ended += found
        return ended

    def prepare(self, period: str, as_of: datetime, by: str = "anna") -> SettlementRun:
        """Somebody prepares a month's run."""
        with unit_of_work(self.tools.engine) as session:
            return prepare(session, period, as_of, minimum=100, cap=None, prepared_by=by)

    def settle(
        self, period: str, as_of: datetime, gateway: BillingGateway | None = None
    ) -> SettlementRun:
        """Prepare, approve by another person, run and deliver a month."""
        run = self.prepare(period, as_of)
        with unit_of_work(self.tools.engine) as session:
            approve(session, period, run.sha256, "boris")
            start(session, period)
        while deliver(self.tools.engine, gateway or self.billing, key_memory=86_400):
            pass
        return run

    def balance(self, member: int) -> Balance:
        """What we owe a member, in kopecks."""
        with unit_of_work(self.tools.engine) as session:
            row = session.execute(
                text("SELECT * FROM member_balances WHERE member_id = :id"), {"id": member}
            ).one_or_none()
        return Balance(row.pending, row.available, row.in_flight) if row else Balance(0, 0, 0)

    def differences(self) -> list[Difference]:
        """What the ledger proof has to say: nothing, if all is well."""
        with snapshot(self.tools.engine) as session:
            proofs = wsgi.proofs_of(self.programme)
            return [one for prove in proofs.values() for one in prove(session)]

    def query(self, sql: str, **values: Any) -> list[Any]:
        """What a story wants to see in the database."""
        with unit_of_work(self.tools.engine) as session:
            return list(session.execute(text(sql), values))


def created(
    order: str,
    click: str | None,
    *amounts: float,
    at: datetime | None = None,
    kind: str = "created",
    ordered_at: datetime | None = None,
) -> dict[str, Any]:
    """A purchase of lines "1", "2", … for sums in roubles."""
    moment = at or day(0)
    return {
        "type": f"purchase.{kind}",
        "timestamp": moment.isoformat(),
        "data": {
            "order_id": order,
            "click_id": click,
            "ordered_at": (ordered_at or moment).isoformat(),
            "currency": "RUB",
            "lines": [
                {
                    "line_id": str(number),
                    "sku": f"sku-{number}",
                    "category": "home",
                    "quantity": 1,
                    "amount": format_rubles(rubles(amount)),
                }
                for number, amount in enumerate(amounts, start=1)
            ],
        },
    }


def updated(order: str, click: str | None, *amounts: float, at: datetime) -> dict[str, Any]:
    """The whole purchase again."""
    return created(order, click, *amounts, at=at, kind="updated", ordered_at=day(0))


def confirmed(order: str, *, at: datetime) -> dict[str, Any]:
    """The shop ends the hold early."""
    return {
        "type": "purchase.confirmed",
        "timestamp": at.isoformat(),
        "data": {"order_id": order},
    }


def returned(
    order: str, return_id: str, lines: Mapping[str, float] | None = None, *, at: datetime
) -> dict[str, Any]:
    """A return: of sums in roubles by line, or of all."""
    data: dict[str, Any] = {"order_id": order, "return_id": return_id}
    if lines is not None:
        data["lines"] = [
            {"line_id": line, "quantity": 1, "amount": format_rubles(rubles(amount))}
            for line, amount in lines.items()
        ]
    return {"type": "purchase.returned", "timestamp": at.isoformat(), "data": data}


def cancelled(order: str, *, at: datetime, reason: str = "changed their mind") -> dict[str, Any]:
    """The order is called off."""
    return {
        "type": "purchase.cancelled",
        "timestamp": at.isoformat(),
        "data": {"order_id": order, "reason": reason},
    }
