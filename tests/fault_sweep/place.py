"""Where one month is paid: a database of its own, an operator that is started again, our door."""

import json
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from redis import Redis
from werkzeug.serving import make_server

import migrations
import wsgi
from sandbox.billing.process import BillingProcess, running_billing
from sandbox.billing.server import PortTaken
from sandbox.billing.telling import Caller
from sandbox.servers import Addresses
from sandbox.servers.databases import create_database, drop_database, url_for
from tests.fault_sweep.scripts import LAG, FaultScript
from tests.world import World, day
from tracker.kit.runtime import Runtime
from tracker.kit.settings import load_settings

TEMPLATE = "template_faults"
TOKEN = "token-of-a-fault-sweep"
PERIOD = "2011-01"
PAYDAY = "2011-01-01T00:10:00+03:00 x0 @0"
DAY_AFTER = "2011-01-02T03:00:00+03:00 x0 @0"
_KILL_EVERY = 1.5


@dataclass(frozen=True, slots=True)
class Template:
    """A database whose members have money, to be cloned."""

    addresses: Addresses
    key: str
    payouts: int
    name: str = TEMPLATE


@dataclass(slots=True)
class Operator:
    """The operator's process, which somebody starts again whenever it ends."""

    folder: Path
    script: Path
    caller: Caller
    kills: bool
    port: int = 0
    starts: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _ready: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Until the block ends."""
        keeper = threading.Thread(target=self._keep, daemon=True)
        keeper.start()
        if not self._ready.wait(60):
            raise TimeoutError("the operator does not start")
        try:
            yield
        finally:
            self._stop.set()
            keeper.join(30)

    def steady(self) -> None:
        """Nobody kills it any more."""
        self.kills = False

    def _keep(self) -> None:
        while not self._stop.is_set():
            with (
                suppress(PortTaken),
                running_billing(
                    self.folder,
                    token=TOKEN,
                    port=self.port,
                    faults=self.script,
                    clock=PAYDAY,
                    caller=self.caller,
                ) as billing,
            ):
                self.port = int(billing.url.rpartition(":")[2])
                self.starts += 1
                self._ready.set()
                self._watch(billing)

    def _watch(self, billing: BillingProcess) -> None:
        waited = 0.0
        while not self._stop.wait(0.05) and billing.process.poll() is None:
            waited += 0.05
            if self.kills and waited > _KILL_EVERY:
                billing.kill()


@dataclass(frozen=True, slots=True)
class Place:
    """One month's database and operator."""

    environ: dict[str, str]
    books: Path
    operator: Operator
    tools: Runtime
    owner: psycopg.Connection

    def later(self) -> Runtime:
        """The tools of the day after, on which the statement is compared."""
        return _tools({**self.environ, "TRACKER_CLOCK": DAY_AFTER})


def make_template(addresses: Addresses, key: str, payouts: int, name: str = TEMPLATE) -> Template:
    """The database that every script's is a clone of: so many members, each with money."""
    create_database(addresses.superuser_url, name)
    migrations.upgrade(url_for(addresses.database_owner_url, name))
    template = Template(addresses, key, payouts, name)
    tools = _tools(_environ(template, name, 0))
    World(tools).members(payouts, joined=day(1))
    tools.engine.dispose()
    superuser = url_for(addresses.superuser_url, name)
    with psycopg.connect(superuser, autocommit=True) as owner:
        owner.execute(_BALANCES)
        owner.execute("VACUUM ANALYZE")
    return template


@contextmanager
def place_of(
    template: Template, name: str, folder: Path, script: FaultScript, redis: int = 0
) -> Iterator[Place]:
    """A clone of the template and an operator with this script, until the block ends."""
    addresses = template.addresses
    create_database(addresses.superuser_url, name, template=template.name)
    environ = _environ(template, name, redis)
    with Redis.from_url(environ["REDIS_URL"]) as cache:
        cache.flushdb()
    file = folder / f"{name}.json"
    file.write_text(json.dumps(script.content))
    environ |= {
        "BILLING_KEY_MEMORY": str(script.key_memory),
        "BILLING_TOKEN": TOKEN,
        "BILLING_TIMEOUT": "1",
        "BILLING_LAG": str(LAG),
        "BILLING_ASK_AFTER": "1s,2s,3s,4s,6s,8s,11s,15s,20s,30s,45s,60s,90s",
        "BILLING_CALLBACK_TOKEN": TOKEN,
        "TRACKER_CLOCK": PAYDAY,
        **script.settings,
    }
    books = folder / name
    with ExitStack() as stack:
        door_tools = _tools(environ)
        stack.callback(door_tools.engine.dispose)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # not a line for each callback
        door = make_server("127.0.0.1", 0, wsgi.build_app(door_tools), threaded=True)
        threading.Thread(target=door.serve_forever, daemon=True).start()
        stack.callback(door.shutdown)
        caller = Caller(f"http://127.0.0.1:{door.server_port}/billing/callbacks", TOKEN)
        operator = Operator(books, file, caller, script.restarts)
        stack.enter_context(operator.running())
        environ["BILLING_URL"] = f"http://127.0.0.1:{operator.port}"
        tools = _tools(environ)
        stack.callback(tools.engine.dispose)
        owner = stack.enter_context(
            psycopg.connect(url_for(addresses.superuser_url, name), autocommit=True)
        )
        yield Place(environ, books, operator, tools, owner)
    drop_database(addresses.superuser_url, name)


def _tools(environ: dict[str, str]) -> Runtime:
    return wsgi.runtime_from(load_settings(environ, Path("nowhere")), connections=4)


def tools_of_a_worker(environ: dict[str, str]) -> Runtime:
    """The tools of a process that was forked just now."""
    return _tools({**os.environ, **environ})


def _environ(template: Template, name: str, redis: int) -> dict[str, str]:
    addresses = template.addresses
    return {
        "DATABASE_URL": url_for(addresses.database_url, name),
        "DATABASE_OWNER_URL": url_for(addresses.database_owner_url, name),
        "REDIS_URL": addresses.redis_url if not redis else _with_db(addresses.redis_url, redis),
        "TRACKER_SECRET_KEY": template.key,
        "LOG_LEVEL": "ERROR",
    }


def _with_db(url: str, number: int) -> str:
    return f"{url}{'&' if '?' in url else '?'}db={number}"


_BALANCES = """
    WITH numbered AS MATERIALIZED (
        SELECT nextval('ledger_transactions_id_seq') AS transaction_id, id, kind,
               100 + id * 7919 % 30011 AS amount
        FROM members CROSS JOIN (VALUES ('bonus_tracked'), ('bonus_confirmed')) AS kinds (kind)
    ), moved AS (
        INSERT INTO ledger_transactions (id, reference, kind, effective_at)
        SELECT transaction_id, 'faults:balance:' || id || ':' || kind, kind, '2010-12-02'
        FROM numbered
    )
    INSERT INTO ledger_entries (transaction_id, leg, account, owner_id, amount)
    SELECT transaction_id, legs.leg, legs.account, legs.owner_id, legs.amount
    FROM numbered CROSS JOIN LATERAL (VALUES
        ('bonus_tracked', 0, 'marketing_expense', 0, amount),
        ('bonus_tracked', 1, 'member_pending', id, -amount),
        ('bonus_confirmed', 0, 'member_pending', id, amount),
        ('bonus_confirmed', 1, 'member_available', id, -amount)
    ) AS legs (kind, leg, account, owner_id, amount)
    WHERE legs.kind = numbered.kind
"""
