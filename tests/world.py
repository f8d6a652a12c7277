"""A small world to tell stories in: shops, members, clicks, signed webhooks, days that pass.

It enters by the doors that others use (HTTP, the services that commands call) and looks at what
they would see. Nothing is faked but the operator's billing, where a story does not need it real.
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from flask import Flask
from sqlalchemy import text
from werkzeug.test import Client, TestResponse

import wsgi
from partners.credentials.service import issue
from partners.links.service import Visit, follow
from partners.offers.service import offer
from partners.shops.rules import Card, Section, ShopStatus
from partners.shops.service import change_the_door, upsert
from tests.clients import Cabinet
from tests.colleagues import BORIS
from tests.doors import Carried
from tests.events import EPOCH, cancelled, confirmed, created, day, returned, rubles, updated
from tests.inbox_rows import STORE
from tests.obedient import ObedientBilling
from tracker.access.rules import Kind
from tracker.access.sessions import Device, open_session
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.kit.clock import SystemClock
from tracker.kit.database import make_engine, snapshot, unit_of_work
from tracker.kit.runtime import Runtime
from tracker.ledger.rules import Difference
from tracker.ledger.service import Balance
from tracker.members.queries import ids_by_phone, phones_of
from tracker.members.service import Newcomer, join_many
from tracker.purchases.jobs import end_due_holds
from tracker.purchases.service import decide
from tracker.reconciliation.jobs import see_to_the_gate
from tracker.reconciliation.watching import Watch
from tracker.settlement.jobs import deliver
from tracker.settlement.lists.preparing import prepare_once
from tracker.settlement.models import SettlementRun
from tracker.settlement.ports import BillingGateway
from tracker.settlement.rules import Conduct
from tracker.settlement.service import approve, start
from webhooks.dispatch import Dispatcher
from webhooks.signatures import sign

__all__ = [
    "BONUS",
    "EPOCH",
    "ObedientBilling",
    "Shop",
    "World",
    "cancelled",
    "confirmed",
    "created",
    "day",
    "returned",
    "rubles",
    "updated",
]

BONUS = 20_000
"""The welcome bonus by default, kopecks."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop of the story."""

    id: int
    slug: str
    secret: bytes


class World:
    """One deployment, and the people in it."""

    def __init__(self, tools: Runtime, door: str = "threads") -> None:
        self.tools = tools
        self.door = door
        self.programme = wsgi.programme_of(tools.settings)
        self.billing = ObedientBilling()
        self._numbers = itertools.count(1)

    @cached_property
    def app(self) -> Flask:
        return wsgi.build_app(self.tools)

    @cached_property
    def _web(self) -> Flask | Carried:
        return Carried(wsgi.build_loop(self.tools)) if self.door == "loop" else self.app

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
            secret = issue(session, self.tools.settings.keys, shop_id).key
            change_the_door(session, shop_id)
        return Shop(shop_id, slug, secret)

    def promise(self, shop: Shop, terms: Terms, since: datetime) -> None:
        """The shop has other terms from a moment on."""
        with unit_of_work(self.tools.engine) as session:
            offer(session, {shop.id: terms}, since)

    def member(self, *, joined: datetime | None = None) -> int:
        """A member with a number of the sample range."""
        return self.members(1, joined=joined)[0]

    def members(self, count: int, *, joined: datetime | None = None) -> list[int]:
        """Several members at once."""
        phones = [f"+7900{next(self._numbers):07d}" for _ in range(count)]
        with unit_of_work(self.tools.engine) as session:
            newcomers = [Newcomer(phone, joined or day(-5)) for phone in phones]
            join_many(session, self.tools.settings.keys, newcomers, day(-5))
            found = ids_by_phone(session, self.tools.settings.keys, phones)
        return [found[phone] for phone in phones]

    def phone(self, member: int) -> str:
        """The member's own number."""
        with unit_of_work(self.tools.engine) as session:
            return phones_of(session, self.tools.settings.keys, [member])[member]

    def click(self, member: int, shop: Shop, at: datetime | None = None) -> str:
        """The member follows the shop's link; the click's id."""
        return self.clicks([member], shop, at)[0]

    def clicks(self, members: Sequence[int], shop: Shop, at: datetime | None = None) -> list[str]:
        """Several members follow the shop's link."""
        with unit_of_work(self.tools.engine) as session:
            visits = [Visit(member, shop.id, at or day(0)) for member in members]
            return [click.id for click in follow(session, visits, timedelta(days=30))]

    def signed_in(self, member: int) -> Cabinet:
        """A member's app, signed in: a client whose requests carry the session's token."""
        runtime = self.tools
        with unit_of_work(runtime.engine) as session:
            opened = open_session(
                session, runtime.settings.keys, member, Device(Kind.APP), SystemClock().now()
            )
        return Cabinet(self._web, opened.token)

    # -- what shops send ---------------------------------------------------------------------

    def client(self) -> Client:
        """A client of the web service."""
        return Client(self._web)

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

    def tell_all(self, shop: Shop, events: Mapping[str, Mapping[str, Any]]) -> None:
        """Let events by their webhook-ids be in the inbox, once each, and be handled."""
        self.store(shop, {key: json.dumps(event).encode() for key, event in events.items()})
        self.work()

    def store(
        self, shop: Shop, bodies: Mapping[str, bytes], at: datetime | None = None
    ) -> list[int]:
        """Let bodies by their webhook-ids be in the inbox, unchecked; the ids of what is new.

        ``at``: as if they had come then; there has to be a partition for it.
        """
        given = {"shop": shop.id, "ids": list(bodies), "bodies": list(bodies.values()), "at": at}
        return sorted(row.event_id for row in self.query(STORE, **given))

    # -- time and money ----------------------------------------------------------------------

    def end_holds(self, at: datetime) -> int:
        """The calendar ends the holds that are over."""
        ended = 0
        while found := end_due_holds(self.tools.engine, at, self.programme):
            ended += found
        return ended

    def decide(self, shop: Shop, order: str, outcome: OnHoldEnd, at: datetime) -> None:
        """Staff say what becomes of a purchase that awaits them."""
        found = "SELECT id FROM purchases WHERE shop_id = :shop AND order_id = :order"
        purchase = self.query(found, shop=shop.id, order=order)[0].id
        with unit_of_work(self.tools.engine) as session:
            decide(session, purchase, outcome, at, self.programme)

    def prepare(self, period: str, as_of: datetime, by: str = "anna") -> SettlementRun:
        """Somebody prepares a month's run."""
        engine = self.tools.engine
        return prepare_once(engine, period, as_of, minimum=100, cap=None, prepared_by=by)

    def settle(
        self, period: str, as_of: datetime, gateway: BillingGateway | None = None
    ) -> SettlementRun:
        """Prepare, approve by another person, run and deliver a month."""
        run = self.prepare(period, as_of)
        with unit_of_work(self.tools.engine) as session:
            approve(session, period, run.sha256, BORIS)
            start(session, period)
        self.watch(gateway)
        while deliver(
            self.tools.engine,
            self.tools.settings.keys,
            gateway or self.billing,
            Conduct(),
        ):
            pass
        return run

    def watch(self, gateway: BillingGateway | None = None) -> None:
        """Workers compare what the operator has paid, until sending may begin or must wait."""
        while see_to_the_gate(self.watch_of(gateway)):
            pass

    def watch_of(self, gateway: BillingGateway | None = None) -> Watch:
        """From where workers watch the operator's books."""
        tools = self.tools
        return Watch(
            tools.engine, tools.settings.keys, gateway or self.billing, tools.clock, Conduct()
        )

    def balance(self, member: int) -> Balance:
        """What we owe a member, in kopecks."""
        with unit_of_work(self.tools.engine) as session:
            row = session.execute(
                text("SELECT * FROM member_balances WHERE member_id = :id"), {"id": member}
            ).one_or_none()
        return Balance(*row[1:]) if row else Balance(0, 0, 0)

    def differences(self) -> list[Difference]:
        """What the ledger proof has to say: nothing, if all is well."""
        with snapshot(self.tools.engine) as session:
            return [one for prove in wsgi.PROOFS.values() for one in prove(session)]

    def query(self, sql: str, **values: Any) -> list[Any]:
        """What a story wants to see in the database."""
        with unit_of_work(self.tools.engine) as session:
            return list(session.execute(text(sql), values))

    def change(self, sql: str, **values: Any) -> None:
        """Do to the database what no command does, with the application's rights."""
        with unit_of_work(self.tools.engine) as session:
            session.execute(text(sql), values)

    def change_as_owner(self, sql: str, **values: Any) -> None:
        """The same with the rights of the schema's owner."""
        engine = make_engine(self.tools.settings.database_owner_url, role=None)
        with unit_of_work(engine) as session:
            session.execute(text(sql), values)
        engine.dispose()
