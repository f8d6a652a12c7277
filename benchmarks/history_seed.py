"""Two years of histories, written by COPY: so many ledger entries, spread evenly over members.

Every member has the same: purchases confirmed, given back in part, given back whole and pending, a
welcome bonus and payments. So a ledger a thousand times as large has a thousand times as many
members, and each of them has a page that is no longer. Triggers are off while it is written (by a
superuser, as after a restore), and what they would have kept is written with the rest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import psycopg

from benchmarks.history_seal import seal_list
from benchmarks.seed import EPOCH, TERMS, Shop, make_members, make_shops
from benchmarks.stack import Stack
from tracker.access.rules import Kind
from tracker.access.sessions import Device, open_session
from tracker.kit.clock import MOSCOW, SystemClock
from tracker.kit.database import unit_of_work
from tracker.kit.money import share

SHOPS = 640
PURCHASES = 20
"""Of each member."""
AMOUNTS = (153_000, 24_900)
"""Kopecks of the lines of every purchase."""
FULL, LESS = (
    tuple(
        sum(share(amount, rate) for amount in amounts)
        for rate in (TERMS.cashback_bp, TERMS.commission_bp)
    )
    for amounts in (AMOUNTS, AMOUNTS[:1])
)
"""Cashback and commission of a purchase, and of one whose second line was given back."""
BONUS = 20_000
PAID = 30_000
PERIODS = ("2010-10", "2010-11", "2010-12")
READERS = 2_000
"""Members who are signed in, at most."""
ENTRIES_EACH = 178
"""Ledger entries of a member; the test of this module counts them."""
_AT_ONCE = 500
_FIRST = EPOCH - timedelta(days=721)
_EVERY = timedelta(days=36)
_NULL = "\\N"


@dataclass(frozen=True, slots=True)
class Seeded:
    """A database with so many ledger entries, and the tokens of members who are signed in."""

    stack: Stack
    entries: int
    shops: Sequence[Shop]
    tokens: Sequence[str]


def seed(stack: Stack, entries: int) -> Seeded:
    """Fill a fresh database with at least so many ledger entries."""
    shops = make_shops(stack, SHOPS)
    members = make_members(stack, -(-entries // ENTRIES_EACH))
    with stack.connect_superuser() as connection:
        Scribe([shop.id for shop in shops]).fill(connection, members)
        written = connection.execute("SELECT count(*) FROM ledger_entries").fetchone()
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    tokens = list(_sign_in(stack, members))
    return Seeded(stack, int(written[0]) if written else 0, shops, tokens)


def _numbers(connection: psycopg.Connection) -> Mapping[int, int]:
    return dict(connection.execute("SELECT member_id, id FROM numbers").fetchall())


def _write_runs(connection: psycopg.Connection) -> None:
    for period in PERIODS:
        connection.execute(_RUN, {"period": period, "as_of": f"{period}-01 00:00+03"})


def _sign_in(stack: Stack, members: Sequence[int]) -> Iterator[str]:
    """From all over the table, not its first pages."""
    step = max(1, len(members) // READERS)
    with unit_of_work(stack.engine) as session:
        for member in members[::step][:READERS]:
            device = Device(Kind.APP)
            yield open_session(session, stack.keys, member, device, SystemClock().now()).token


@dataclass(slots=True)
class Scribe:
    """Rows of many members as COPY takes them, table by table."""

    shops: Sequence[int]
    rows: dict[str, list[str]] = field(default_factory=dict)
    purchases: Iterator[int] = field(default_factory=lambda: count(1))
    payouts: Iterator[int] = field(default_factory=lambda: count(1))
    transactions: Iterator[int] = field(default_factory=lambda: count(1))

    def fill(self, connection: psycopg.Connection, members: Sequence[int]) -> None:
        """Give members of a fresh database their histories, as a superuser; in flat memory."""
        connection.execute("SET session_replication_role = replica")
        numbers = _numbers(connection)
        _write_runs(connection)
        for start in range(0, len(members), _AT_ONCE):
            for member in members[start : start + _AT_ONCE]:
                self.write(member, numbers[member])
            self.send(connection)
        for period in PERIODS:
            seal_list(connection, period)
        connection.execute("SET session_replication_role = origin")
        for table in ("purchases", "payouts", "ledger_transactions"):
            connection.execute(_AFTER_THE_LAST.format(table=table))

    def send(self, connection: psycopg.Connection) -> None:
        """Write what was gathered, in one transaction."""
        with connection.transaction(), connection.cursor() as cursor:
            for into, rows in self.rows.items():
                with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                    copy.write("".join(rows))
        self.rows.clear()

    def write(self, member: int, number: int) -> None:
        """All that one member has."""
        available = pending = 0
        for place in range(PURCHASES):
            got, waits = self._purchase(member, place)
            available, pending = available + got, pending + waits
        for period in PERIODS:
            self._payment(member, number, period)
        left = available + BONUS - PAID * len(PERIODS)
        self._row(_BALANCES, member, pending, left, 0)

    def _purchase(self, member: int, place: int) -> tuple[int, int]:
        """One purchase; the cashback of it that is confirmed, and what is pending."""
        one, at = next(self.purchases), _FIRST + place * _EVERY
        shop = self.shops[one % len(self.shops)]
        is_pending = place >= PURCHASES - 3
        is_rejected = not is_pending and place % 5 == 4
        is_less = not is_pending and place % 5 == 3
        status = "pending" if is_pending else "rejected" if is_rejected else "confirmed"
        earned = (0, 0) if is_pending or is_rejected else LESS if is_less else FULL
        pending = FULL if is_pending else (0, 0)
        click = f"clk_{one:022d}"
        self._click(click, member, shop, at)
        self._row(
            _PURCHASES,
            *(one, shop, f"h-{one}", f"h-{one}", status, click, member, at.isoformat()),
            (at + timedelta(days=30)).isoformat(),
            "confirm" if earned[0] else _NULL,
            *(1, at.isoformat(), f"msg_{one}", sum(AMOUNTS), "native", 3),
            *(FULL[0], *pending, *earned, f"purchase:{one}:tracked:1"),
        )
        for line, amount in enumerate(AMOUNTS, start=1):
            self._row(_LINES, one, 1, line, f"SKU-{line:04d}", "home", 1, amount)
        self._purchase_moves(one, member, shop, at, earned, is_pending=is_pending)
        if is_rejected or is_less:
            whole = "t" if is_rejected else "f"
            self._row(_RETURNS, one, "R", whole, at.isoformat(), "msg_r", "returned_goods")
        if is_less:
            self._row(_RETURN_LINES, one, "R", 2, 1, AMOUNTS[1])
        if place == 0:
            self._row(_BONUSES, member, BONUS, one, "t")
            self._move(
                f"bonus:welcome:{member}:bonus_tracked:1",
                "bonus_tracked",
                at,
                {("marketing_expense", 0): BONUS, ("member_pending", member): -BONUS},
            )
            self._move(
                f"bonus:welcome:{member}:bonus_confirmed:1",
                "bonus_confirmed",
                at,
                {("member_pending", member): BONUS, ("member_available", member): -BONUS},
            )
        return earned[0], pending[0]

    def _click(self, click: str, member: int, shop: int, at: datetime) -> None:
        clicked, until = at - timedelta(hours=1), at + timedelta(days=30)
        terms = (TERMS.cashback_bp, TERMS.commission_bp, TERMS.hold_days, TERMS.on_hold_end)
        self._row(_CLICKS, click, member, shop, clicked.isoformat(), until.isoformat(), *terms)

    def _purchase_moves(
        self,
        one: int,
        member: int,
        shop: int,
        at: datetime,
        earned: Sequence[int],
        *,
        is_pending: bool,
    ) -> None:
        cashback, commission = FULL
        self._move(f"purchase:{one}:tracked:1", "tracked", at, _pending(member, shop, FULL, 1))
        back = (cashback - earned[0], commission - earned[1])
        if is_pending:
            return
        if back[0]:
            self._move(
                f"purchase:{one}:rejected:2", "rejected", at, _pending(member, shop, back, -1)
            )
        if earned[0]:
            legs = _pending(member, shop, earned, -1) | {
                ("shop_receivable", shop): earned[1],
                ("member_available", member): -earned[0],
                ("margin", 0): earned[0] - earned[1],
            }
            self._move(f"purchase:{one}:confirmed:3", "confirmed", at, legs)

    def _payment(self, member: int, number: int, period: str) -> None:
        one, at = next(self.payouts), datetime.fromisoformat(f"{period}-01T00:00:00+03:00")
        self._row(_PAYOUTS, one, period, member, number, PAID, "paid", f"ref-{one}")
        self._move(
            f"payout:{one}:payout_submitted",
            "payout_submitted",
            at,
            {("member_available", member): PAID, ("member_in_flight", member): -PAID},
        )
        self._move(
            f"payout:{one}:payout_paid",
            "payout_paid",
            at,
            {("member_in_flight", member): PAID, ("owed_to_operator", 0): -PAID},
        )

    def _move(
        self, reference: str, kind: str, at: datetime, legs: Mapping[tuple[str, int], int]
    ) -> None:
        one = next(self.transactions)
        period = at.astimezone(MOSCOW).strftime("%Y-%m")
        self._row(_TRANSACTIONS, one, reference, kind, at.isoformat(), period)
        for leg, ((account, owner), amount) in enumerate(legs.items()):
            self._row(_ENTRIES, one, leg, account, owner, amount)

    def _row(self, into: str, *values: object) -> None:
        self.rows.setdefault(into, []).append("\t".join(map(str, values)) + "\n")


def _pending(
    member: int, shop: int, earned: Sequence[int], sign: int
) -> dict[tuple[str, int], int]:
    cashback, commission = earned
    return {
        ("shop_pending_commission", shop): sign * commission,
        ("member_pending", member): -sign * cashback,
        ("pending_margin", 0): sign * (cashback - commission),
    }


_RUN = """
    INSERT INTO settlement_runs (period, as_of, payouts, total, sha256, prepared_by, state,
                                 approved_by)
    VALUES (%(period)s, %(as_of)s, 0, 0, '', 'bench-anna', 'done', 'bench-boris')
"""

_AFTER_THE_LAST = """
    SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))
"""

_CLICKS = """clicks (id, member_id, shop_id, clicked_at, valid_until,
    cashback_bp, commission_bp, hold_days, on_hold_end)"""
_PURCHASES = """purchases (id, shop_id, order_id, order_key, status, click_id, member_id,
    ordered_at, hold_ends_at, hold_outcome, statement_no, stated_at, stated_source, stated_total,
    feed, revision, promised_cashback, pending_cashback, pending_commission,
    confirmed_cashback, confirmed_commission, tracked_reference)"""
_LINES = "purchase_lines (purchase_id, statement_no, line_id, sku, category, quantity, amount)"
_RETURNS = "purchase_returns (purchase_id, return_id, whole, returned_at, source, reject_reason)"
_RETURN_LINES = "purchase_return_lines (purchase_id, return_id, line_id, quantity, amount)"
_BONUSES = "welcome_bonuses (member_id, amount, purchase_id, confirmed)"
_BALANCES = "member_balances (member_id, pending, available, in_flight)"
_PAYOUTS = "payouts (id, period, member_id, number_id, amount, state, reference)"
_TRANSACTIONS = "ledger_transactions (id, reference, kind, effective_at, period)"
_ENTRIES = "ledger_entries (transaction_id, leg, account, owner_id, amount)"
