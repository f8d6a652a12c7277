"""Our reports beside plain Python's."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

from tests.books.plain import Asked, Lines, Plain
from tests.books.shops import open_invoices, receivables, without_zeros
from tests.tracker.reports.asking import lines, reading
from tests.world import World, day
from tracker.kit.clock import moscow_date, moscow_midnight

_AGES = ("days_0_7", "days_8_30", "days_31_60", "days_61_90", "over_90")
_SALES = {
    "purchases": "purchases",
    "tracked": "commission_tracked",
    "rejected": "commission_rejected",
    "confirmed": "commission_confirmed",
    "taken_back": "commission_taken_back",
    "commission": "commission",
    "margin": "margin",
}


def question(dice: Random, plain: Plain, days: float) -> dict[str, Any]:
    """A question by chance: the moments at which something changed, and those beside them."""
    beside = timedelta(microseconds=dice.choice((-1, 0, 1)))
    counted = dice.choice(sorted({one.effective_at for one in plain.entries}))
    months = sorted({one.period for one in plain.entries})
    month = moscow_midnight(moscow_date(counted).replace(day=1))
    as_of = dice.choice((counted + beside, day(dice.random() * days), month))
    asked: dict[str, Any] = {"as_of": as_of}
    if dice.random() < 0.7:
        recorded = dice.choice(sorted({one.recorded_at for one in plain.entries}))
        asked["known_at"] = recorded + timedelta(microseconds=dice.choice((-1, 0, 1)))
    since = moscow_date(day(0)) - timedelta(days=dice.randint(-29, 31))
    if dice.random() < 0.3 and since <= moscow_date(as_of):
        return {**asked, "since": since}
    if dice.random() < 0.25:
        return {**asked, "period": dice.choice(months)}
    return asked


def differences(world: World, plain: Plain, asked: Asked) -> Iterator[str]:
    """What our reports tell otherwise than plain Python; a line each."""
    whole = {name: value for name, value in asked.items() if name != "since"}
    pairs = [*_of_accounts(world, plain, asked), *_of_things(world, plain, asked, whole)]
    if "period" not in asked:
        pairs += _of_shops(world, plain, whole)
    for what, due, found in pairs:
        if due != found:
            yield f"{what} of {dict(asked)}: due {due}, found {found}"


Pair = tuple[str, Any, Any]


def _of_accounts(world: World, plain: Plain, asked: Asked) -> Iterator[Pair]:
    due, debts = plain.liability(asked), plain.debts(asked)
    with reading(world, "liability", **asked) as found:
        names = [column.name for column in found.report.columns][1:]
        rows = {row[0]: dict(zip(names, row[1:], strict=True)) for row in found.rows()}
        figures = dict(found.figures() or {})
    yield "liability", due, rows
    closing = {account.removeprefix("member_"): row["closing"] for account, row in due.items()}
    closing["available"] += debts
    to_members = sum(closing.values())
    yield "figures", {**closing, "debts": debts, "to_members": to_members}, figures
    for account, row in due.items():
        less = row["rejected"] + row["taken_back"] + row["paid"] + row["certificates"]
        sums = row["opening"] + row["accrued"] + row["adjusted"] + row["moved"] - less
        yield f"roll of {account}", row["closing"], sums
    yield "moved", 0, sum(row["moved"] for row in rows.values())
    trial = _by(lines(world, "trial-balance", **asked), "account")
    yield "trial balance", plain.trial_balance(asked), trial
    journal = [(row["transaction"], row["leg"]) for row in lines(world, "journal", **asked)]
    yield "journal", plain.journal(asked), journal


def _of_things(world: World, plain: Plain, asked: Asked, whole: Asked) -> Iterator[Pair]:
    aging = lines(world, "aging", **whole)
    short = [{name: row[name] for name in ("count", "pending", "oldest")} for row in aging]
    keys = [(row["shop"], row["what"]) for row in aging]
    yield "aging", plain.aging(whole), dict(zip(keys, short, strict=True))
    for row in aging:
        yield "ages", row["pending"], sum(row[name] for name in _AGES)
    papers = lines(world, "certificates", **whole)
    held = {row["certificate"]: row["amount"] for row in papers}
    yield "certificates", plain.certificates(whole), held
    sales = _by(lines(world, "top-shops", **asked), "shop")
    told = {
        shop: {name: row[column] for name, column in _SALES.items()} for shop, row in sales.items()
    }
    yield "top shops", plain.top_shops(asked), told
    given = lines(world, "promotions", **asked)
    months = {(row.pop("month"), row.pop("what")): row for row in given}
    yield "promotions", plain.promotions(asked), months
    yield from _of_payouts(world, whole)


def _of_payouts(world: World, whole: Asked) -> Iterator[Pair]:
    became: dict[str, int] = defaultdict(int)
    for row in lines(world, "payout-bridge", **whole):
        if row["part"] == "became":
            became[row["period"]] += row["amount"]
            yield "a bridge's part", (row["amount"], row["count"]), _not_below_zero(row)
    runs = {row.period: row.total for row in world.query("SELECT * FROM settlement_runs")}
    yield "payout bridge", {period: runs[period] for period in became}, dict(became)


def _of_shops(world: World, plain: Plain, whole: Asked) -> Iterator[Pair]:
    rows = _by(lines(world, "receivables", **whole), "shop")
    owed = {shop: some for shop, row in rows.items() if (some := without_zeros(row))}
    yield "receivables", receivables(world, plain, whole), owed
    invoices = {row["number"]: row["open"] for row in lines(world, "invoices", **whole)}
    due = {paper.number: left for paper, left in open_invoices(world, whole).items()}
    yield "invoices", due, invoices


def _by(rows: list[dict[str, Any]], name: str) -> Lines:
    return {row.pop(name): row for row in rows}


def _not_below_zero(row: dict[str, Any]) -> tuple[int, int]:
    return max(0, row["amount"]), max(0, row["count"])
