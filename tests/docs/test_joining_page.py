"""docs/members/joining.md is true: its commands make a member, and its codes are the product's."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tracker.access.budgets
import tracker.access.captcha
import tracker.access.codes
import tracker.access.joining.service as joining
import tracker.access.password_rules as passwords
import tracker.members.rules as members
from sandbox.servers import EmbeddedServers
from sandbox.servers.databases import create_database, drop_database, url_for
from sandbox.stack import Stack
from tests.docs.pages import ROOT, blocks, code, page, table
from tests.docs.served import Served
from tracker.access import reach
from tracker.access.rules import Step
from tracker.kit.errors import TrackerError

PAGE = page("members/joining.md")
DATABASE = "joining_page"


@pytest.fixture
def served(servers: EmbeddedServers, tmp_path: Path) -> Iterator[Served]:
    """The product with the stand-ins for the SMS centre and the mail server."""
    addresses = servers.addresses
    create_database(addresses.superuser_url, DATABASE)
    environ = {
        **{name: text for name, text in os.environ.items() if name not in ("SMS_URL", "MAIL_URL")},
        "DATABASE_URL": url_for(addresses.database_url, DATABASE),
        "DATABASE_OWNER_URL": url_for(addresses.database_owner_url, DATABASE),
        "REDIS_URL": addresses.redis_url,
        "BILLING_URL": "http://127.0.0.1:9",
        "PYTHONPATH": str(ROOT),
    }
    with Stack(tmp_path, environ=environ, workers=1, web_processes=1) as stack:
        yield Served(stack, addresses.superuser_url)
    drop_database(addresses.superuser_url, DATABASE)


def test_its_commands_make_a_member_who_is_signed_in(served: Served, tmp_path: Path) -> None:
    commands = [one.text for one in blocks(PAGE) if one.language == "sh"]
    setting = f"export TRACKER_URL={served.stack.url} TRACKER_DATA={served.stack.data}"
    said = served.bash([setting, *commands, "tracker access prune --json"], tmp_path)
    assert [step for one in said for step in re.findall(r'"step": ?"(\w+)"', one)] == [
        "email",
        "email_code",
        "password",
    ]
    assert '"current":true' in said[-3].replace(" ", "")
    assert '"joinings": 0' in said[-2]


def test_its_codes_are_those_of_the_errors() -> None:
    known: set[type[TrackerError]] = {
        joining.JoiningNotFound,
        joining.AnotherStepIsNext,
        joining.NumberIsAMembers,
        tracker.access.codes.CodeNotAlive,
        tracker.access.codes.CodeWrong,
        tracker.access.codes.AskedTooSoon,
        tracker.access.captcha.CaptchaNotAccepted,
        tracker.access.budgets.BudgetUsedUp,
        passwords.PasswordNotUsable,
        members.PhoneNotUsable,
        reach.PhoneNotReachable,
        members.EmailNotUsable,
    }
    told = {
        word
        for row in table(PAGE, "What may go wrong").rows
        for word in code(row["status, `code`"])
    }
    assert told == {one.code for one in known}


def test_its_steps_are_these() -> None:
    rows = table(PAGE, "Joining").rows
    assert [name for row in rows for name in code(row["step is"])] == list(Step)


def test_its_figures_are_these() -> None:
    codes = tracker.access.codes
    assert f"over {codes.LASTS.seconds // 60} minutes old" in PAGE
    assert codes.MAX_ATTEMPTS == 5
    assert f"({joining.LASTS.total_seconds() / 3600:.0f} hours)" in PAGE
    assert f"{passwords.SHORTEST} to {passwords.LONGEST} characters" in PAGE
