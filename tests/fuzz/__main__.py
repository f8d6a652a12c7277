"""`make fuzz N=100000`: many changed bodies over all dialects, and whether memory stays flat."""

import sys
import time
from pathlib import Path
from random import Random

import click

import migrations
import wsgi
from sandbox.servers import temporary_servers
from sandbox.servers.databases import create_database, url_for
from tests.fuzz.session import WORK_EVERY, Session, memory
from tests.world import World
from tracker.kit.crypto import new_key
from tracker.kit.setting_names import DOORS
from tracker.kit.settings import load_settings

GROWTH = 96 * 1024 * 1024
"""Bytes that the process may grow by after its first tenth, in which pools and caches fill."""


@click.command()
@click.option("--bodies", default=100_000, show_default=True, type=click.IntRange(min=1))
@click.option("--seed", default=1, show_default=True)
@click.option("--door", type=click.Choice(DOORS), default="loop", show_default=True)
def main(bodies: int, seed: int, door: str) -> None:
    """Send changed bodies to a deployment of its own; exit 1 upon anything that must not happen."""
    with temporary_servers() as servers:
        addresses = servers.addresses
        create_database(addresses.superuser_url, "fuzz")
        migrations.upgrade(url_for(addresses.database_owner_url, "fuzz"))
        environ = {
            "DATABASE_URL": url_for(addresses.database_url, "fuzz"),
            "REDIS_URL": addresses.redis_url,
            "TRACKER_SECRET_KEY": new_key(),
            "LOG_LEVEL": "ERROR",
            "WEBHOOK_RATE": "1000000",
            "WEBHOOK_RATE_TOTAL": "1000000",
        }
        tools = wsgi.runtime_from(load_settings(environ, Path("nowhere")), connections=5)
        session = Session(World(tools, door), Random(seed))
        started, settled = time.monotonic(), 0
        for sent in session.run(bodies):
            now = memory()
            if sent <= max(WORK_EVERY, bodies // 10):
                settled = now
            click.echo(f"{sent:>9,} sent  {now >> 20} MiB  {time.monotonic() - started:.0f} s")
        grown = memory() - settled
        click.echo(f"answers {dict(sorted(session.statuses.items()))}; proof ok")
        click.echo(f"memory grew by {grown / (1 << 20):.1f} MiB after the first tenth")
        if grown > GROWTH:
            sys.exit("memory is not flat")


if __name__ == "__main__":
    main()
