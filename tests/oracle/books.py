"""The members' money, day by day, in the simplest words that the rules allow."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from tests.oracle.invoices import Fact, cashback_percent_of, half_up, hold_of

WELCOME_BONUS = 200_00
SMALLEST_PAYMENT = 1_00


@dataclass
class Line:
    fact: Fact
    left: int


@dataclass
class Purchase:
    order: str
    shop: int
    customer: str
    ordered_at: datetime
    lines: list[Line] = field(default_factory=list)
    confirmed: bool = False

    @property
    def cashback(self) -> int:
        """Of what is left, line by line."""
        percent = cashback_percent_of(self.shop)
        return sum(
            half_up(Fraction(line.left * line.fact.price * percent, 100)) for line in self.lines
        )

    @property
    def is_live(self) -> bool:
        return any(line.left > 0 for line in self.lines)

    @property
    def place(self) -> tuple[datetime, int, str]:
        """Of two purchases the earlier; of two in one moment the one at the lower shop."""
        return (self.ordered_at, self.shop, self.order)


@dataclass
class Payment:
    """What one settlement paid in all."""

    members: int = 0
    kopecks: int = 0


@dataclass
class Books:
    """All sums are kopecks."""

    purchases: dict[tuple[str, int], Purchase] = field(default_factory=dict)
    guests: set[tuple[str, int]] = field(default_factory=set)
    unmatched: set[tuple[str, int]] = field(default_factory=set)
    customers: set[str] = field(default_factory=set)
    payments: dict[str, Payment] = field(default_factory=dict)
    tracked: int = 0
    rejected: int = 0
    confirmed: int = 0
    clawed_back: int = 0
    cashback_of: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Confirmed less clawed back, by customer."""
    paid_to: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    deepest_debt: int = 0
    """The least a member had when a settlement came; 0 or less."""
    sold: defaultdict[tuple[str, str], list[tuple[Purchase, Line]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """What a customer bought of a thing, the latest last."""

    def a_day(self, facts: list[Fact]) -> None:
        """What happened on a day, in file order."""
        for fact in facts:
            if fact.price <= 0:
                continue
            if fact.invoice.startswith("C"):
                self._given_back(fact)
            elif fact.units > 0:
                self._bought(fact)

    def _bought(self, fact: Fact) -> None:
        key = (fact.invoice, fact.shop)
        if not fact.customer:
            self.guests.add(key)
            return
        if key not in self.purchases:
            self.purchases[key] = Purchase(*key, fact.customer, fact.moment)
        purchase, line = self.purchases[key], Line(fact, fact.units)
        before = purchase.cashback
        purchase.lines.append(line)
        self.tracked += purchase.cashback - before
        self.sold[fact.customer, fact.thing].append((purchase, line))

    def _given_back(self, fact: Fact) -> None:
        if not fact.customer:
            return
        to_find = -fact.units
        for purchase, line in reversed(self.sold[fact.customer, fact.thing]):
            units = min(line.left, to_find)
            to_find -= units
            before = purchase.cashback
            line.left -= units
            lost = before - purchase.cashback
            if purchase.confirmed:
                self.clawed_back += lost
                self.cashback_of[fact.customer] -= lost
            else:
                self.rejected += lost
        if to_find > 0:
            self.unmatched.add((fact.invoice, fact.shop))

    def a_midnight(self, midnight: datetime) -> None:
        """Ends the holds that are over."""
        for purchase in self.purchases.values():
            if purchase.confirmed or not purchase.is_live:
                continue
            if purchase.ordered_at + hold_of(purchase.shop) <= midnight:
                purchase.confirmed = True
                self.confirmed += purchase.cashback
                self.cashback_of[purchase.customer] += purchase.cashback

    def bonuses(self) -> dict[str, int]:
        """By customer: the bonus is confirmed while the first purchase that lives is."""
        living = [purchase for purchase in self.purchases.values() if purchase.is_live]
        first: dict[str, Purchase] = {}
        for purchase in sorted(living, key=lambda purchase: purchase.place):
            first.setdefault(purchase.customer, purchase)
        return {
            customer: WELCOME_BONUS for customer, purchase in first.items() if purchase.confirmed
        }

    def available(self) -> dict[str, int]:
        bonuses = self.bonuses()
        return {
            customer: self.cashback_of[customer] + bonuses.get(customer, 0) - self.paid_to[customer]
            for customer in self.customers
        }

    def pending(self) -> int:
        return sum(
            purchase.cashback for purchase in self.purchases.values() if not purchase.confirmed
        )

    def settle(self, month: str) -> None:
        """Pays everyone all they have, unless it is too little."""
        payment = self.payments.setdefault(month, Payment())
        self.deepest_debt = min([self.deepest_debt, *self.available().values()])
        for customer, kopecks in self.available().items():
            if kopecks >= SMALLEST_PAYMENT:
                self.paid_to[customer] += kopecks
                payment.members += 1
                payment.kopecks += kopecks
