"""docs/members.md is true: a stranger becomes a member with money, by all the processes there are.

This is also the story of the whole: web processes, workers, the scheduler, the SMS centre and the
mail server run for it, and whoever calls them has nothing but curl.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.servers import EmbeddedServers
from sandbox.servers.databases import create_database, drop_database, url_for
from sandbox.servers.processes import wait_until
from sandbox.stack import Stack
from tests.docs.pages import ROOT, blocks, matches, page
from tests.docs.served import Served
from tests.sandbox.stack.places import keeping

PAGE = page("members.md")
URL_SHOWN = "http://127.0.0.1:8000"
DATABASE = "members_page"
GIVEN = ("SMS_URL", "MAIL_URL", "BILLING_URL")
SECONDS = 60
SUBJECTS = {"Your confirmation code", "Welcome to the Cashback Club", "Cashback"}


@pytest.fixture
def served(servers: EmbeddedServers) -> Iterator[Served]:
    """The product as `tracker up` starts it, but for the database's server and twins."""
    addresses = servers.addresses
    create_database(addresses.superuser_url, DATABASE)
    environ = {
        **{name: text for name, text in os.environ.items() if name not in GIVEN},
        "DATABASE_URL": url_for(addresses.database_url, DATABASE),
        "DATABASE_OWNER_URL": url_for(addresses.database_owner_url, DATABASE),
        "REDIS_URL": addresses.redis_url,
        "QUIET_HOURS": "",
        "PYTHONPATH": str(ROOT),
    }
    with keeping() as data, Stack(data, environ=environ, workers=1, web_processes=1) as stack:
        yield Served(stack, addresses.superuser_url)
    drop_database(addresses.superuser_url, DATABASE)


def test_a_reader_who_follows_the_page_has_money_in_the_end(served: Served, tmp_path: Path) -> None:
    shown = [one for one in blocks(PAGE) if one.language in ("sh", "text")]
    commands = [
        one.text.replace(URL_SHOWN, served.stack.url) for one in shown if one.language == "sh"
    ]
    setting = f"export TRACKER_DATA={served.stack.data}"
    began = time.monotonic()
    _, *outputs = served.bash([setting, *commands], tmp_path)
    assert time.monotonic() - began < SECONDS
    got = iter(outputs)
    for one, following in zip(shown, [*shown[1:], None], strict=True):
        if one.language == "sh":
            said = next(got)
            expected = following.text if following and following.language == "text" else ""
            assert matches(expected, said), f"{one.text}\nprinted\n{said}"
    assert wait_until(lambda: told(served.stack) >= SUBJECTS, 20)
    assert served.stack.tracker("ledger", "proof", json=True)["differences"] == []


def told(stack: Stack) -> set[str]:
    """What letters to Anna are about; the sums apart, lest a blank of typography matter."""
    letters = stack.tracker("sandbox", "messages", "--to", "anna@example.org", json=True)
    return {str(one["subject"]).partition(" of ")[0] for one in letters}


def test_it_is_read_in_ten_minutes() -> None:
    assert len(PAGE.splitlines()) <= 200
