"""The product as it is served, and what the tests of pages do to it."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from sandbox.servers import EmbeddedServers
from sandbox.servers.databases import create_database, drop_database, url_for
from sandbox.stack import Stack
from tests.docs.pages import ROOT
from tests.world import Shop
from tracker.kit.clock import SystemClock
from webhooks.signatures import sign

DATABASE = "docs"

Answer = tuple[int, dict[str, Any]]
"""A status and a JSON body."""


@dataclass(frozen=True, slots=True)
class Served:
    """Web service and a worker as processes of their own, on a database of their own."""

    stack: Stack
    superuser_url: str

    def send(
        self, shop: Shop, body: bytes | str, webhook_id: str, *, method: str = "POST", **more: str
    ) -> Answer:
        """Send a signed body. Further headers, with _ for -, go before the usual ones."""
        raw = body if isinstance(body, bytes) else body.encode()
        moment = str(int(SystemClock().now().timestamp()))
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": moment,
            "webhook-signature": sign(shop.secret, webhook_id, moment, raw),
            **{name.replace("_", "-"): value for name, value in more.items()},
        }
        connection = http.client.HTTPConnection(urlsplit(self.stack.url).netloc, timeout=10)
        try:
            connection.request(method, f"/webhooks/{shop.slug}", raw, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def bash(self, commands: Sequence[str], folder: Path) -> list[str]:
        """What each of the commands prints; one shell runs them all, as a terminal would."""
        script = "".join(f"{text}\nprintf '\\036'\n" for text in commands)
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", script],
            cwd=folder,
            env={**self.stack.environ, "PATH": f"{_scripts()}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=180,  # it waits for nothing of ours: only a busy machine takes so long
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\036")

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """An outage: nobody is let in, and who was in is put out."""
        allow = f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS "
        everyone = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            connection.execute(allow + "false")
            connection.execute(everyone, [DATABASE])
            try:
                yield
            finally:
                connection.execute(allow + "true")


def _scripts() -> Path:
    return Path(sys.executable).parent


@contextmanager
def serving(servers: EmbeddedServers, data: Path) -> Iterator[Served]:
    """Serve the product on a new database of some servers."""
    addresses = servers.addresses
    create_database(addresses.superuser_url, DATABASE)
    environ = {
        **os.environ,
        "DATABASE_URL": url_for(addresses.database_url, DATABASE),
        "DATABASE_OWNER_URL": url_for(addresses.database_owner_url, DATABASE),
        "REDIS_URL": addresses.redis_url,
        "BILLING_URL": "http://127.0.0.1:9",
        "SMS_URL": "smpp://club:secret@127.0.0.1:9?source=CLUB",
        "MAIL_URL": "smtp://127.0.0.1:9?from=club@example.org",
        "PYTHONPATH": str(ROOT),
    }
    with Stack(data, environ=environ, workers=1, web_processes=1, scheduler=False) as stack:
        yield Served(stack, addresses.superuser_url)
    drop_database(addresses.superuser_url, DATABASE)
