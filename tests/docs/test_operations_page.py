"""docs/operations.md is true: its tables are the product's, its commands and statements run."""

import ast
import re
import shlex
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from click.testing import CliRunner, Result
from marshmallow import missing
from sqlalchemy import text

import wsgi
from tests.docs.pages import ROOT, Table, blocks, code, page, table, tables
from tests.docs.product import settings_known
from tests.world import ObedientBilling, World, created, day
from tracker.clicks.sanity import Sign
from tracker.kit.database import unit_of_work
from tracker.ledger import cli as ledger
from tracker.ledger.rules import Kind
from tracker.settlement.jobs import deliver
from tracker.settlement.lists.steps import CAME_BACK, NEW, SENT, TAKEN_BACK, Step
from tracker.settlement.ports import Answer, Outcome, TopUp
from tracker.settlement.rules import Conduct, PayoutState, RunState
from tracker.staff.rules import Role
from tracker.staff.service import hire
from webhooks.inbox.models import ParkedReason
from wiring.alerts import conditions_of

PAGE = page("operations.md")
ROOMS = ("tracker", "webhooks", "partners")
SAVED = (
    Kind.GOAL_RESERVED,
    Kind.GOAL_RELEASED,
    Kind.CERTIFICATE_ORDERED,
    Kind.CERTIFICATE_VOIDED,
    Kind.ADJUSTMENT_CREDIT,
    Kind.ADJUSTMENT_DEBIT,
    Kind.ADJUSTMENT_GOODWILL,
    Kind.ADJUSTMENT_WRITE_OFF,
)
"""What else moves what is available."""


def column(of: Table, name: str) -> set[str]:
    """What stands between backticks in a column."""
    return {word for row in of.rows for word in code(row[name])}


def test_the_settings_are_these_with_these_defaults() -> None:
    rows = {code(row["name"])[0]: row["default"] for row in table(PAGE, "Settings").rows}
    assert {name: default.strip("`") for name, default in rows.items()} == {
        name: default_shown(value) for name, value in settings_known().items()
    }


def default_shown(value: Any) -> str:
    if value is missing:
        return "required"
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value) or "empty"


def test_the_metrics_are_these(world: World) -> None:
    scraped = world.client().get("/metrics").text
    _, metrics = [one for one in tables(PAGE) if one.heading == "Health and metrics"]
    of_alerts = {f"tracker_alert_{name}" for name in column(table(PAGE, "Alerts"), "alert")}
    assert column(metrics, "metric") | of_alerts == set(
        re.findall(r"^# TYPE (\w+) gauge$", scraped, re.M)
    )


def test_the_alerts_are_these(world: World) -> None:
    rows = {code(row["alert"])[0]: row for row in table(PAGE, "Alerts").rows}
    for one in conditions_of(world.tools.settings):
        row = rows.pop(one.name)
        assert row["how soon"] == {"page": "now", "ticket": "by day"}[one.severity], one.name
        numbers = re.findall(r"more than (\d+)", row["holds when"])
        assert numbers == ([str(one.limit)] if one.limit else []), one.name
    assert not rows


def test_health_answers_with_these_fields(world: World) -> None:
    (shown,) = [one.text for one in blocks(PAGE) if one.heading == "Health and metrics"]
    assert world.client().get("/health/ready").get_json() == ast.literal_eval(shown)


def test_the_states_and_reasons_are_these() -> None:
    steps, runs, payouts = [one for one in tables(PAGE) if one.heading == "The month's run"]
    assert column(steps, "step") == {*map(str, Step), *NEW, *TAKEN_BACK, SENT, CAME_BACK, *SAVED}
    assert column(runs, "the run is") == set(RunState)
    assert column(payouts, "a payout is") == set(PayoutState)
    assert column(table(PAGE, "Parked events"), "reason") == set(ParkedReason)
    assert column(table(PAGE, "Purchases that look odd"), "flag") == set(Sign)
    people = [one for one in tables(PAGE) if "may" in one.rows[0]]
    assert [code(row["role"])[0] for row in people[0].rows] == list(Role)


def test_the_log_tells_these_events() -> None:
    told = {
        (event, room)
        for row in table(PAGE, "Logs").rows
        for event in code(row["event"])
        for room in code(row["room"])
    }
    assert told == set(events_logged())


def events_logged() -> Iterator[tuple[str, str]]:
    """Every event that the product logs, with its room."""
    for path in [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]:
        source = path.read_text()
        rooms = re.findall(r'= log\("(\w+)"\)', source)
        for event in re.findall(r'_LOG\.\w+\(\s*"(\w+)"', source):
            yield event, rooms[0]


def test_the_months_run_goes_by_these_commands(world: World) -> None:
    month_with_one_payout(world)
    tokens = {"$OPERATOR": hired(world, Role.OPERATOR), "$APPROVER": hired(world, Role.APPROVER)}
    with workers(world):
        for line in month():
            said = run(world, line, tokens)
            assert said.exit_code == 0, f"{line}\n{said.output}"
    assert [one.amount for one in world.billing.paid.values()] == [30_000]


def test_the_statements_are_understood_and_allowed(world: World) -> None:
    settings = world.tools.settings
    assert len(statements()) == 6
    for statement in statements():
        owner = statement.startswith("-- as the schema's owner")
        url = settings.database_owner_url if owner else settings.database_url
        with psycopg.connect(url) as connection:
            connection.execute(statement.encode())
            connection.rollback()


def change(world: World, statement: str) -> None:
    """Run a statement as the application."""
    with unit_of_work(world.tools.engine) as session:
        session.execute(text(statement))


def statements() -> list[str]:
    return [one.text for one in blocks(PAGE) if one.language == "sql"]


def month() -> list[str]:
    """The commands under "The month's run"."""
    (lines,) = [
        one.text for one in blocks(PAGE) if (one.heading, one.language) == ("The month's run", "sh")
    ]
    return lines.splitlines()


def month_with_one_payout(world: World) -> None:
    """A member has 300 roubles available at the end of December."""
    shop, member = world.shop(), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(0)))
    world.end_holds(day(31))


def hired(world: World, role: Role) -> str:
    """The token of somebody with a role."""
    with unit_of_work(world.tools.engine) as session:
        return hire(session, world.tools.settings.keys, f"some-{role}", role)


@contextmanager
def workers(world: World) -> Iterator[None]:
    """Deliver payouts beside the commands, as workers do."""
    stopped = threading.Event()

    def work() -> None:
        while not stopped.wait(0.05):
            world.watch()
            deliver(world.tools.engine, world.tools.settings.keys, world.billing, Conduct())

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def run(world: World, line: str, tokens: Mapping[str, str] | None = None) -> Result:
    """A command line on this world, with yes to whatever it asks; ``tokens`` by variable."""
    for variable, token in (tokens or {}).items():
        line = line.replace(variable, token)
    words = shlex.split(line, comments=True)
    place = words.index("tracker")
    environ = dict(word.split("=", 1) for word in words[:place])
    group, *arguments = words[place + 1 :]
    found = wsgi.cli.commands[group]
    if group == "ledger":
        found = ledger.build(wsgi.PROOFS)
    return CliRunner().invoke(
        found, arguments, obj=lambda: world.tools, input="y\n", env=environ or None
    )


class SilentBilling(ObedientBilling):
    """An operator that does not say what became of anything."""

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        return [Answer(one.key, Outcome.UNKNOWN, reason="timeout") for one in batch]
