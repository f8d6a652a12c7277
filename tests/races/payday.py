"""Members with money to be paid out, and an operator's billing in a process of its own."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.billing.process import BillingProcess, running_billing
from tests.colleagues import BORIS
from tests.world import Shop, World, confirmed, created, day, rubles
from tracker.gateways.billing import HttpBilling
from tracker.kit.clock import moscow_date
from tracker.kit.database import unit_of_work
from tracker.settlement.ports import StatementLine
from tracker.settlement.service import approve, start

PERIOD = "2011-01"
DUE = rubles(100) + rubles(200)
"""What each member has: cashback, and the welcome bonus."""


def earn(world: World, count: int) -> tuple[Shop, list[int]]:
    """Members with 100 RUB of cashback and their bonus available."""
    shop, members = world.shop(cashback=1000), [world.member() for _ in range(count)]
    for number, member in enumerate(members):
        world.post(shop, created(f"A-{number}", world.click(member, shop), 1000, at=day(1)))
        world.post(shop, confirmed(f"A-{number}", at=day(2)))
    world.work()
    return shop, members


def approved(world: World) -> None:
    """The month's run, prepared, approved by another person, and started."""
    run = world.prepare(PERIOD, day(31))
    with unit_of_work(world.tools.engine) as session:
        approve(session, PERIOD, run.sha256, BORIS)
        start(session, PERIOD)
    world.change(
        "INSERT INTO number_checks (number_id, served) SELECT id, true FROM numbers"
        " ON CONFLICT DO NOTHING"
    )
    world.watch()


def payouts(world: World) -> Counter[str]:
    """How many payouts are in each state."""
    return Counter(row.state for row in world.query("SELECT state FROM payouts"))


def run_is_done(world: World) -> bool:
    """Whether every payout has ended, and the run with them; the next question is put at once."""
    world.query("""
        UPDATE payouts SET ask_at = clock_timestamp()
        WHERE state IN ('submitted', 'unknown') AND ask_at > clock_timestamp() + interval '0.5 s'
          AND (lease_until IS NULL OR lease_until < clock_timestamp()) RETURNING id
    """)
    return [row.state for row in world.query("SELECT state FROM settlement_runs")] == ["done"]


@dataclass(frozen=True, slots=True)
class Operator:
    """The operator's side: what a worker needs to reach it, and what it says it has paid."""

    process: BillingProcess

    @property
    def environ(self) -> Mapping[str, str]:
        return {
            "BILLING_URL": self.process.url,
            "BILLING_TOKEN": self.process.token,
            "BILLING_TIMEOUT": "10",
            "BILLING_LAG": "2",
        }

    def statement(self) -> list[StatementLine]:
        """All it has paid."""
        gateway = HttpBilling(self.process.url, self.process.token, 10)
        return list(gateway.statement(moscow_date(day(31))))


@contextmanager
def operator(folder: Path, *rules: dict[str, Any], port: int = 0) -> Iterator[Operator]:
    """A billing whose day is the 1st of the month, with these faults."""
    script = folder / "faults.json"
    script.write_text(json.dumps({"rules": rules}))
    clock = f"{day(31.25).isoformat()} x1 @{time.time()}"
    token = "token-of-a-test"
    with running_billing(
        folder / "billing", token=token, port=port, faults=script, clock=clock
    ) as process:
        yield Operator(process)
