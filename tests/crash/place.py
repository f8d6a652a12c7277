"""Where a sweep happens: members in a template, and for each era a clone of it with an operator.

An era is some hundred months in one database, with one operator's books. Its members go from month
to month: what was refused or withheld is due again.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import psycopg
from flask import Flask

import migrations
import wsgi
from sandbox.billing.process import running_billing
from sandbox.servers import Addresses
from sandbox.servers.databases import create_database, drop_database, url_for
from tests.world import World, day
from tracker.kit.database import unit_of_work
from tracker.kit.runtime import Runtime
from tracker.kit.settings import load_settings
from tracker.members.queries import PHONE, seal_phone
from tracker.staff.rules import Role
from tracker.staff.service import hire

MEMBERS = 40
SPEED = 1440
"""Business seconds in a real one: a day is a minute, so that midnights come in between."""
TOKEN = "token-of-a-sweep"
TEMPLATE = "template_crash"
FIRST_YEAR = 2000
"""The periods of an era begin with this year's, and all lie before the clock's."""


@dataclass(frozen=True, slots=True)
class Template:
    """A database with members, to be cloned."""

    addresses: Addresses
    key: str
    phones: dict[int, str]
    """By the number of the number."""
    operator: str
    approver: str
    """Tokens of the two people."""


@dataclass(frozen=True, slots=True)
class Place:
    """One era's database and operator."""

    template: Template
    environ: dict[str, str]
    books: Path
    owner: psycopg.Connection
    """With all rights, beside the product: to let time pass and to look."""
    made: dict[str, Runtime] = field(default_factory=dict)
    doors: list[Flask] = field(default_factory=list)

    def door(self) -> Flask:
        """Our own door, where the operator calls back."""
        if not self.doors:
            self.doors.append(wsgi.build_app(self.tools()))
        return self.doors[0]

    def tools(self, **settings: str) -> Runtime:
        """The tools of a process of this era. All share an engine: what one process has learnt of
        statements, those that are forked from it know."""
        name = str(sorted(settings.items()))
        if name not in self.made:
            given = load_settings({**self.environ, **settings}, Path("nowhere"))
            first = next(iter(self.made.values()), None)
            self.made[name] = (
                replace(first, settings=given) if first else wsgi.runtime_from(given, connections=2)
            )
        return self.made[name]


def make_template(addresses: Addresses, key: str, chance: Random) -> Template:
    """The database that eras are clones of."""
    create_database(addresses.superuser_url, TEMPLATE)
    migrations.upgrade(url_for(addresses.database_owner_url, TEMPLATE))
    environ = _environ(addresses, TEMPLATE, key)
    tools = wsgi.runtime_from(load_settings(environ, Path("nowhere")), connections=1)
    world = World(tools)
    members = world.members(MEMBERS, joined=day(-4000))
    phones = {
        row.id: world.phone(row.member_id)
        for row in world.query("SELECT id, member_id FROM numbers WHERE role = 'own'")
    }
    for member in chance.sample(members, MEMBERS // 3):
        phones |= _relatives(world, member, chance)
    with unit_of_work(tools.engine) as session:
        operator = hire(session, tools.settings.keys, "anna", Role.OPERATOR)
        approver = hire(session, tools.settings.keys, "boris", Role.APPROVER)
    tools.engine.dispose()
    return Template(addresses, key, phones, operator, approver)


@contextmanager
def era(template: Template, name: str, folder: Path, chance: Random) -> Iterator[Place]:
    """A clone and its operator, until the block ends."""
    addresses = template.addresses
    create_database(addresses.superuser_url, name, template=TEMPLATE)
    clock = f"2020-01-01T00:00:00+03:00 x{SPEED} @{time.time():.3f}"
    script = folder / f"{name}.json"
    script.write_text(json.dumps({"seed": chance.randrange(1 << 30), "rules": _FAULTS}))
    superuser = url_for(addresses.superuser_url, name)
    with (
        running_billing(folder / name, token=TOKEN, faults=script, clock=clock) as billing,
        psycopg.connect(superuser, autocommit=True) as owner,
    ):
        environ = {
            **_environ(addresses, name, template.key),
            "SUPERUSER_URL": superuser,
            "TRACKER_CLOCK": clock,
            "BILLING_URL": billing.url,
            "BILLING_TOKEN": TOKEN,
            "BILLING_TIMEOUT": "0.3",
            "BILLING_LAG": "0",
            "BILLING_CALLBACK_TOKEN": TOKEN,
        }
        owner.execute(_WATCHED)
        yield Place(template, environ, billing.data, owner)
    drop_database(addresses.superuser_url, name)


def _environ(addresses: Addresses, name: str, key: str) -> dict[str, str]:
    return {
        "DATABASE_URL": url_for(addresses.database_url, name),
        "DATABASE_OWNER_URL": url_for(addresses.database_owner_url, name),
        "REDIS_URL": addresses.redis_url,
        "TRACKER_SECRET_KEY": key,
        "LOG_LEVEL": "ERROR",
    }


def _relatives(world: World, member: int, chance: Random) -> dict[int, str]:
    """Relatives of a member, as their owners confirmed them; their numbers."""

    keys = world.tools.settings.keys
    found: dict[int, str] = {}
    for place in range(chance.randint(1, 2)):
        phone = f"+7900{9_000_000 + member * 10 + place}"
        number = world.query(
            "INSERT INTO numbers (member_id, role, sealed, hash, proved_at)"
            " VALUES (:member, 'relative', :sealed, :hash, now()) RETURNING id",
            member=member,
            sealed=seal_phone(keys, member, phone),
            hash=keys.hash(PHONE, phone),
        )[0].id
        fixed = chance.randint(100, 5_000) if chance.random() < 0.5 else None
        world.change(
            "INSERT INTO relatives (member_id, number_id, place, fixed, share_bp)"
            " VALUES (:member, :number, :place, :fixed, :share)",
            member=member,
            number=number,
            place=place,
            fixed=fixed,
            share=None if fixed else chance.randint(500, 4_000),
        )
        found[number] = phone
    return found


# The calendar has looked since ever, and delivery was watched until the clock begins: no day is
# compared of the years that the periods lie in.
_WATCHED = """
    UPDATE settlement_watch
    SET since = '1999-12-01', pulse_at = clock_timestamp(), pulse_business_at = '2020-01-01',
        database_mark = settlement_database_mark()
"""

_FAULTS = [
    {"action": "error_500_after_acting", "match": {"probability": 0.06}},
    {"action": "error_500_before_acting", "match": {"probability": 0.06}},
    {"action": "html_200", "match": {"probability": 0.04}},
    {"action": "half_batch", "match": {"probability": 0.05}},
    {"action": "timeout_before_acting", "seconds": 0.4, "match": {"probability": 0.01}},
    {"action": "timeout_after_acting", "seconds": 0.4, "match": {"probability": 0.01}},
    {"action": "wrong_amount", "match": {"probability": 0.03}},
    {"action": "fail", "match": {"probability": 0.06}},
    {"action": "error_500_after_acting", "on": "query", "match": {"probability": 0.05}},
    {"action": "html_200", "on": "statement", "match": {"probability": 0.25}},
]
"""Slight: most of what is sent is carried out and told."""
