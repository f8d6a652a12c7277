"""What members are paid, save and spend, and what staff change by hand."""

from datetime import datetime

from tests.books.table import Table
from tests.colleagues import ANNA, BORIS, OLGA
from tests.stories.operators import wait, work
from tests.tracker.certificates.salon import code_for
from tests.tracker.certificates.saving import buy, issued
from tracker.adjustments.rules import Adjustment, Cause, Kind
from tracker.adjustments.service import ask_for
from tracker.certificates.redeeming import Receipt, redeem
from tracker.certificates.voiding import void
from tracker.goals.service import create
from tracker.kit.database import unit_of_work
from tracker.proposals.deciding import approve as agree
from tracker.settlement.lists.preparing import prepare_once
from tracker.settlement.ports import Outcome
from tracker.settlement.service import approve, start
from wiring.proposals import ACTIONS

_CAUSES = {
    Kind.CREDIT: Cause.WRONG_AMOUNT,
    Kind.DEBIT: Cause.FRAUD,
    Kind.GOODWILL: Cause.APOLOGY,
    Kind.WRITE_OFF: Cause.UNCOLLECTABLE,
}
_MOODS = (
    (Outcome.PAID, True),
    (Outcome.PAID, True),
    (Outcome.FAILED, False),
    (Outcome.UNKNOWN, True),
    (Outcome.UNKNOWN, False),
)
"""What the operator says to a sending, and whether it does it."""


def settles(table: Table) -> None:
    """A month's list is drawn up; half the time it is sent at once."""
    year, month = divmod(table.settled, 12)
    first = datetime.fromisoformat(f"{2011 + year}-{month + 1:02d}-01T00:00:00+03:00")
    if table.waits is not None or table.now < first:
        return
    moment = table.dice.choice((table.now, first))
    cap = table.dice.choice((None, 50_000))
    engine, period = table.world.tools.engine, f"{first:%Y-%m}"
    run = prepare_once(engine, period, moment, minimum=100, cap=cap, prepared_by="olga")
    table.settled += 1
    table.waits = (period, run.sha256)
    if table.dice.random() < 0.5:
        is_sent(table)


def is_sent(table: Table) -> None:
    """A second person agrees to the list, some days later perhaps, and it is delivered."""
    if table.waits is None:
        return
    (period, sha256), table.waits = table.waits, None
    with unit_of_work(table.world.tools.engine) as session:
        approve(session, period, sha256, BORIS)
        start(session, period)
    table.operator.says, table.operator.acts = table.dice.choice(_MOODS)
    work(table.world, table.operator)


def asks_again(table: Table) -> None:
    """An hour goes by, and the operator is asked what became of its payouts."""
    table.operator.says, table.operator.acts = Outcome.PAID, True
    wait(table.world, 3_600)
    work(table.world, table.operator)


def is_adjusted(table: Table) -> None:
    """Two people credit, debit, write off or apologise, in the past perhaps."""
    dice, kind = table.dice, table.dice.choice(list(Kind))
    member, amount = dice.choice(table.members), dice.randint(1, 40_000)
    cause, payout = _CAUSES[kind], None
    failed = table.one_of("SELECT id, member_id, amount FROM payouts WHERE state = 'failed'")
    if kind is Kind.DEBIT and failed and dice.random() < 0.5:
        member, amount, payout = failed.member_id, failed.amount, failed.id
        cause = Cause.OPERATOR_PAID
    if kind is Kind.WRITE_OFF:
        debt = -table.world.balance(member).available
        if debt <= 0:
            return
        amount = dice.randint(1, debt)
    wish = Adjustment(
        kind=kind,
        member_id=member,
        amount=amount,
        cause=cause,
        note="why",
        effective_at=dice.choice((None, table.earlier())),
        payout_id=payout,
    )
    tools = table.world.tools
    with unit_of_work(tools.engine) as session:
        asked = ask_for(session, tools, wish, OLGA)
    with unit_of_work(tools.engine) as session:
        decided = agree(session, tools, ACTIONS, asked.id, ANNA, sha256=asked.payload_sha256)
        decided.see_that_it_was_done()


def saves(table: Table) -> None:
    """A member begins to save for something."""
    member, target = table.dice.choice(table.members), table.dice.randint(1, 30_000)
    with unit_of_work(table.world.tools.engine) as session:
        create(session, member, "goal", target, table.now)


def orders_a_certificate(table: Table) -> None:
    """A member orders a certificate, from a goal or from what is available."""
    member = table.dice.choice(table.members)
    sql = "SELECT id FROM goals WHERE member_id = :member AND ended_at IS NULL"
    goals = [row.id for row in table.world.query(sql, member=member)]
    goal, sum_ = table.dice.choice([*goals, None]), table.dice.choice((100, 250))
    buy(table.world, member, sum_, goal=goal, now=table.now)
    issued(table.world, table.now, table.dice.choice((None, 20)))


def is_redeemed(table: Table) -> None:
    """A salon takes a certificate."""
    one = table.one_of("SELECT id, member_id FROM certificates WHERE state = 'issued'")
    if one is not None:
        code = code_for(table.world, one.id, one.member_id, table.now)
        salon = table.one_of("SELECT id FROM salons").id
        with unit_of_work(table.world.tools.engine) as session:
            keys = table.world.tools.settings.keys
            redeem(session, keys, code, Receipt(f"R-{one.id}", salon), table.now)


def is_voided(table: Table) -> None:
    """Staff take a certificate back."""
    states = "('issued', 'ordered', 'review')"
    one = table.one_of(f"SELECT id FROM certificates WHERE state IN {states}")
    if one is not None:
        with unit_of_work(table.world.tools.engine) as session:
            void(session, table.world.tools, one.id, OLGA, "why")
