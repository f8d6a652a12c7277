"""The story that docs/ledger.md tells: three members, two friends, six purchases, four months."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from partners.receivables.payments import Paid, reverse, take
from partners.receivables.rules import PaymentKind
from tests.inviting import newcomers
from tests.world import Shop, World, cancelled, confirmed, created, returned, rubles
from tracker.adjustments.rules import Adjustment, Cause
from tracker.adjustments.rules import Kind as Sort
from tracker.adjustments.service import ACTIONS, ask_for
from tracker.certificates.giving_back import give_back
from tracker.certificates.jobs import work
from tracker.certificates.ordering import Wish, order
from tracker.certificates.redeeming import Receipt, redeem
from tracker.certificates.rules import Limits
from tracker.certificates.salons import Act, open_salon, recognise
from tracker.certificates.showing import show
from tracker.goals.service import change, create
from tracker.kit.clock import MOSCOW
from tracker.kit.database import unit_of_work
from tracker.proposals.deciding import approve
from tracker.settlement.ports import Answer, Outcome, Reach, Told, TopUp
from tracker.staff.rules import Role
from tracker.staff.service import Person


def on(text: str) -> datetime:
    """A moment in Moscow."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=MOSCOW)


@dataclass(frozen=True, slots=True)
class ClosedNumbers:
    """An operator that can pay nobody."""

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        return [Answer(one.key, Outcome.FAILED, reason="number_closed") for one in batch]

    def query(self, top_up: TopUp) -> Answer:
        raise AssertionError(f"what became of {top_up.key} is certain")

    def statement(self, _: Any) -> Iterator[Any]:
        return iter(())

    def reach(self, phones: Sequence[str]) -> list[Reach]:
        return [Reach.NOT_TOLD for _ in phones]

    def told(self) -> Iterator[Told]:
        return iter(())

    def ready(self) -> bool:
        return True


def tell(world: World) -> None:
    """Let it happen."""
    shop, anna, boris = world.shop(cashback=1000, commission=1200), world.member(), world.member()
    _buy(world, shop, anna, "A-1001", 1000, 500, at=on("2010-12-01 12:00"))
    _give_back(world, shop, "R-1", {"2": 200}, at=on("2010-12-05 15:00"))
    world.end_holds(on("2010-12-31 12:00"))
    world.settle("2011-01", on("2011-01-01 00:00"))

    _give_back(world, shop, "R-2", {"1": 1000}, at=on("2011-01-05 10:00"))
    _buy(world, shop, anna, "A-1002", 1500, at=on("2011-01-10 12:00"))
    world.tell(shop, confirmed("A-1002", at=on("2011-01-20 09:00")))
    world.settle("2011-02", on("2011-02-01 00:00"), ClosedNumbers())

    _give_back(world, shop, "R-3", {"2": 300}, at=on("2011-02-10 11:00"))
    world.settle("2011-03", on("2011-03-01 00:00"))

    _buy(world, shop, boris, "B-2001", 99.9, at=on("2011-03-02 18:00"))
    world.tell(shop, cancelled("B-2001", at=on("2011-03-03 08:00")))

    vera, galina = newcomers(world, 2, boris)
    _buy(world, shop, vera, "V-3001", 400, at=on("2011-03-04 10:00"))
    world.tell(shop, confirmed("V-3001", at=on("2011-03-14 09:00")))
    _buy(world, shop, galina, "G-4001", 250, at=on("2011-03-15 12:00"))
    world.tell(shop, cancelled("G-4001", at=on("2011-03-16 08:00")))
    world.tell(shop, cancelled("V-3001", at=on("2011-03-20 08:00")))

    _saves(world, shop, world.member())
    _adjust(world, anna, vera)
    _shop_pays(world, shop)


def _saves(world: World, shop: Shop, darya: int) -> None:
    """What is put aside for a goal, and what becomes of it."""
    with _acting(world) as session:
        goal = create(session, darya, "a phone", rubles(1000), on("2011-03-25 10:00")).id
    _buy(world, shop, darya, "D-5001", 9000, at=on("2011-03-25 12:00"))
    world.tell(shop, confirmed("D-5001", at=on("2011-03-27 09:00")))
    with _acting(world) as session:
        change(session, goal, darya, on("2011-03-28 10:00"), target=rubles(750))

    _order(world, darya, 1000, goal, at=on("2011-03-29 10:00"))
    _redeem(world, 1, darya, at=on("2011-03-30 15:00"))
    _order(world, darya, 100, None, at=on("2011-03-31 10:00"))
    with _acting(world) as session:
        give_back(session, 2, on("2011-03-31 16:00"), "ordered by mistake")


def _adjust(world: World, anna: int, vera: int) -> None:
    """What two of the staff agree to."""
    paid = {"cause": Cause.OPERATOR_PAID, "payout_id": 2}
    _agree(world, Sort.DEBIT, anna, 50, on("2011-04-01 10:00"), **paid)
    _agree(world, Sort.CREDIT, anna, 12.5, on("2011-04-02 10:00"), cause=Cause.MISSING_CASHBACK)
    _agree(world, Sort.GOODWILL, anna, 10, on("2011-04-03 10:00"), cause=Cause.APOLOGY)
    _agree(world, Sort.DEBIT, vera, 30, on("2011-04-04 10:00"), cause=Cause.CREDITED_IN_ERROR)
    _agree(world, Sort.WRITE_OFF, vera, 30, on("2011-04-05 10:00"), cause=Cause.OUR_MISTAKE)


def _shop_pays(world: World, shop: Shop) -> None:
    """The shop pays, and pays once more by mistake; the last of what it owes is given up."""
    lines = (("0406-01", 1000, on("2011-04-06 00:00")), ("0407-01", 50, on("2011-04-07 00:00")))
    with _acting(world) as session:
        first, second = (
            take(session, Paid(key, rubles(amount), at.date(), "", "", shop.id), "anna", at)[0]
            for key, amount, at in lines
        )
        reverse(session, second.id, "boris", "sent back", on("2011-04-08 10:00"))
        late = on("2011-04-09 00:00")
        given_up = Paid("proposal:6", rubles(10), late.date(), "", "", shop.id)
        take(session, given_up, "boris", late, PaymentKind.WRITE_OFF)
        assert first.id == 1


def _agree(world: World, kind: Sort, member: int, amount: float, at: datetime, **more: Any) -> None:
    one = Adjustment(
        kind=kind,
        member_id=member,
        amount=rubles(amount),
        note="as they agreed",
        effective_at=at,
        **more,
    )
    olga, boris = Person("olga", Role.OPERATOR), Person("boris", Role.APPROVER)
    with _acting(world) as session:
        asked = ask_for(session, world.tools, one, olga)
        seal = asked.payload_sha256
        approve(session, world.tools, ACTIONS, asked.id, boris, sha256=seal)


def _order(world: World, member: int, amount: int, goal: int | None, at: datetime) -> None:
    wish = Wish(amount=rubles(amount), order_key=f"order-{amount}", goal_id=goal)
    with _acting(world) as session:
        order(session, member, wish, Limits(10, rubles(160_000), rubles(10_000)), at)
    while work(world.tools.engine, at, None):
        pass


def _redeem(world: World, certificate: int, member: int, at: datetime) -> None:
    keys = world.tools.settings.keys
    with _acting(world) as session:
        key = open_salon(session, keys, "tverskaya", "Tverskaya 1", Act("anna", "opened"))
        salon = recognise(session, keys, key).id
        code = show(session, keys, certificate, member, at, chance=17).code
        redeem(session, keys, code, Receipt("receipt-1", salon), at)


def _acting(world: World) -> AbstractContextManager[Session]:
    return unit_of_work(world.tools.engine)


def _buy(world: World, shop: Shop, member: int, order: str, *amounts: float, at: datetime) -> None:
    click = world.click(member, shop, at)
    world.tell(shop, created(order, click, *amounts, at=at), webhook_id=f"{order}-created")


def _give_back(
    world: World, shop: Shop, return_id: str, lines: dict[str, float], at: datetime
) -> None:
    event = returned("A-1001", return_id, lines, at=at)
    world.tell(shop, event, webhook_id=f"A-1001-{return_id}")
