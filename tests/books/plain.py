"""The ledger's reports by plain Python: read every entry, and add up."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from tests.world import World
from tracker.kit.clock import moscow_date
from tracker.ledger.rules import Account
from tracker.reports.books.flows import FLOWS, LESSENS, LIABILITIES, Flow

Asked = Mapping[str, Any]
"""``as_of`` or ``period``, and perhaps ``known_at`` and ``since``."""

Lines = dict[Any, dict[str, Any]]
"""A report's lines by what each is of."""

_ENTRIES = """
    SELECT moved.id, reference, kind, effective_at, recorded_at, period, leg, account, owner_id,
           amount
    FROM ledger_transactions AS moved JOIN ledger_entries ON transaction_id = moved.id
    ORDER BY moved.id, leg
"""
_SHOPS = ("shop_receivable", "shop_pending_commission")
_FIRSTS = ("tracked", "bonus_tracked", "reward_tracked")
_OF_SALES = ("tracked", "rejected", "confirmed", "clawed_back")


class Plain:
    """All entries of a world, and what they come to for whoever asks."""

    def __init__(self, world: World) -> None:
        self.entries = world.query(_ENTRIES)
        self.slugs = {row.id: row.slug for row in world.query("SELECT id, slug FROM shops")}
        sold = world.query("SELECT id, shop_id FROM purchases")
        self._shop_of_purchase = {row.id: self.slugs[row.shop_id] for row in sold}
        self._shop_of: dict[int, str] = {}
        self._first: dict[str, int] = {}
        for one in self.entries:
            if one.account in _SHOPS:
                self._shop_of.setdefault(one.id, self.slugs[one.owner_id])
            if one.kind in _FIRSTS:
                self._first.setdefault(_thing(one), one.id)

    def cut(self, asked: Asked) -> list[Any]:
        """The entries that count."""
        return [one for one in self.entries if _counts(one, asked)]

    def liability(self, asked: Asked) -> Lines:
        """What we owe, by account, rolled forward."""
        names = ("opening", *map(str, Flow), "closing")
        rows: Lines = {str(account): dict.fromkeys(names, 0) for account in LIABILITIES}
        for one in self.cut(asked):
            if (row := rows.get(one.account)) is None:
                continue
            row["closing"] -= one.amount
            flow = FLOWS[one.kind]
            if is_before(one, asked):
                row["opening"] -= one.amount
            else:
                row[str(flow)] += one.amount if flow in LESSENS else -one.amount
        return rows

    def debts(self, asked: Asked) -> int:
        """What members owe us."""
        available: dict[int, int] = defaultdict(int)
        for one in self.cut(asked):
            if one.account == "member_available":
                available[one.owner_id] -= one.amount
        return -sum(sum_ for sum_ in available.values() if sum_ < 0)

    def trial_balance(self, asked: Asked) -> Lines:
        """Every account: opening, moved, closing."""
        names = ("opening", "moved", "closing")
        rows: Lines = {str(account): dict.fromkeys(names, 0) for account in Account}
        for one in self.cut(asked):
            rows[one.account]["closing"] += one.amount
            rows[one.account]["opening" if is_before(one, asked) else "moved"] += one.amount
        return rows

    def journal(self, asked: Asked) -> list[tuple[int, int]]:
        """The postings of the time that is asked for."""
        if "period" in asked:
            some = [one for one in self.cut(asked) if one.period == asked["period"]]
        else:
            some = [one for one in self.cut(asked) if not is_before(one, asked)]
        return [(one.id, one.leg) for one in some]

    def aging(self, asked: Asked) -> Lines:
        """What is pending, by shop and what it is of."""
        things: dict[tuple[str, int], list[Any]] = defaultdict(list)
        for one in self.cut(asked):
            if one.account == "member_pending":
                things[_pending_of(one)].append(one)
        rows: Lines = {}
        for (what, number), some in things.items():
            if amount := -sum(one.amount for one in some):
                shop = self._shop_of_purchase[number] if what == "purchases" else None
                since = moscow_date(min(one.effective_at for one in some))
                empty = {"count": 0, "pending": 0, "oldest": since}
                row = rows.setdefault((shop, what), empty)
                row["count"] += 1
                row["pending"] += amount
                row["oldest"] = min(since, row["oldest"])
        return rows

    def certificates(self, asked: Asked) -> dict[int, int]:
        """What is outstanding, by certificate."""
        found: dict[int, int] = defaultdict(int)
        for one in self.cut(asked):
            if one.account == "certificates_outstanding":
                found[int(one.reference.split(":")[1])] -= one.amount
        return {number: amount for number, amount in found.items() if amount}

    def top_shops(self, asked: Asked) -> Lines:
        """What shops' sales came to."""
        names = ("purchases", "tracked", "rejected", "confirmed", "taken_back")
        rows: Lines = {}
        for one in self.cut(asked):
            shop = self._shop_of.get(one.id)
            of_shops = one.account == "margin" or one.account in _SHOPS
            if one.kind not in _OF_SALES or is_before(one, asked) or not of_shops or not shop:
                continue
            row = rows.setdefault(shop, dict.fromkeys((*names, "commission", "margin"), 0))
            if one.account == "margin":
                row["margin"] -= one.amount
            elif one.account == "shop_receivable":
                row["commission"] += one.amount
                row["confirmed"] += one.amount if one.kind == "confirmed" else 0
                row["taken_back"] -= one.amount if one.kind == "clawed_back" else 0
            row["tracked"] += one.amount if one.kind == "tracked" else 0
            row["rejected"] -= one.amount if one.kind == "rejected" else 0
            row["purchases"] += one.kind == "tracked" and self._first[_thing(one)] == one.id
        return rows

    def promotions(self, asked: Asked) -> Lines:
        """What was given away, by month and what for."""
        names = ("promised", "given", "rejected", "confirmed", "taken_back", "cost")
        rows: Lines = {}
        for one in self.cut(asked):
            what = {"bonus": "welcome bonus", "reward": "referral reward"}.get(
                one.kind.partition("_")[0]
            )
            given = one.account == "marketing_expense"
            begun = not ("period" in asked or "since" in asked) or not is_before(one, asked)
            if what is None or not begun or not (given or one.account == "member_available"):
                continue
            key = (f"{moscow_date(one.effective_at):%Y-%m}", what)
            row = rows.setdefault(key, dict.fromkeys(names, 0))
            step = one.kind.partition("_")[2]
            if given:
                row["cost"] += one.amount
                row["given"] += one.amount if step == "tracked" else 0
                row["promised"] += step == "tracked" and self._first[_thing(one)] == one.id
                row["rejected"] -= one.amount if step == "rejected" else 0
                row["taken_back"] -= one.amount if "clawed" in step else 0
            elif step == "confirmed":
                row["confirmed"] -= one.amount
        return rows


def is_before(one: Any, asked: Asked) -> bool:
    """Whether an entry is of the opening balance."""
    if "period" in asked:
        return bool(one.period < asked["period"])
    opening = asked.get("since") or moscow_date(asked["as_of"]).replace(day=1)
    return bool(moscow_date(one.effective_at) < opening)


def _counts(one: Any, asked: Asked) -> bool:
    known = asked.get("known_at")
    if known is not None and one.recorded_at > known:
        return False
    if "period" in asked:
        return bool(one.period <= asked["period"])
    return bool(one.effective_at <= asked["as_of"])


def _thing(one: Any) -> str:
    """What a posting is about: its reference without the step."""
    return str(one.reference).rpartition(":")[0]


def _pending_of(one: Any) -> tuple[str, int]:
    parts = one.reference.split(":")
    if parts[0] == "purchase":
        return "purchases", int(parts[1])
    if parts[0] == "bonus":
        return "welcome bonus", int(parts[2])
    return "referral reward", int(parts[1])
