"""The front door: accepted webhooks a second over HTTP, signed and durable.

The floor is pgbench: as many clients as there are senders, each inserting one row a transaction,
prepared, with nothing in between. Its table is the least that an inbox can be: the body, and a
unique key. (Ours is two rows an event and a look at the shop's row.)
"""

import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.legs import Figure, Leg, compared, interleaved
from benchmarks.load import drive
from benchmarks.seed import Shop, make_shops
from benchmarks.sizes import Sizes
from benchmarks.stack import Stack, cores, pgbench
from benchmarks.webhooks import requests, sample

CLIENTS = 64
_PER_SECOND = 8_000
"""Requests made ready for each second of a leg: more than can be answered."""
_WARM_UP = 3
"""How often each process hears of each shop, on average, before anything is timed: the first time,
it reads and decrypts the shop's secrets."""
_WARM_UP_LIMIT = 30.0
_START_LIMIT = 30.0
_HTTP_ACCEPTED = 202
_PROCESSED = re.compile(r"transactions actually processed: (\d+)")
_FLOOR_TABLE = """
    CREATE TABLE IF NOT EXISTS bench_inbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        shop_id bigint NOT NULL,
        webhook_id text COLLATE "C" NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now(),
        body bytea NOT NULL,
        UNIQUE (shop_id, webhook_id)
    );
    GRANT SELECT, INSERT ON bench_inbox TO tracker_app;
"""
_STORE = """
\\set shop random({first}, {last})
\\set number random(1, 9000000000000000000)
INSERT INTO bench_inbox (shop_id, webhook_id, body) VALUES (:shop, 'msg_' || :number, :body)
ON CONFLICT DO NOTHING;
"""


def measure(stack: Stack, sizes: Sizes) -> list[Figure]:
    """The door beside its floor."""
    shops = make_shops(stack, sizes.shops)
    with stack.connect_owner() as connection:
        connection.execute(_FLOOR_TABLE)
    processes = cores()
    legs = interleaved(
        sizes.rounds,
        {
            "door": lambda: _door(stack, shops, processes, sizes.seconds),
            "floor": lambda: _floor(stack, shops, sizes.seconds),
        },
    )
    contender = f"{processes} processes, {CLIENTS} clients"
    return [compared("door", contender, "webhooks/s", legs["door"], legs["floor"])]


def _door(stack: Stack, shops: Sequence[Shop], processes: int, seconds: float) -> Leg:
    with _serving(stack, processes) as (port, pid):
        ready = requests(shops, _WARM_UP * processes * len(shops), time.time())
        drive(port, ready, clients=CLIENTS, seconds=_WARM_UP_LIMIT)
        prepared = list(requests(shops, int(seconds * _PER_SECOND), time.time()))
        before = _stored(stack)
        with stack.meter.measured(tracker=[pid]) as reading:
            load = drive(port, iter(prepared), clients=CLIENTS, seconds=seconds)
    accepted = load.statuses[_HTTP_ACCEPTED]
    if load.statuses.total() != accepted or _stored(stack) - before != accepted:
        raise AssertionError(f"{load.statuses} came back, {_stored(stack) - before} are stored")
    return reading.leg(accepted, p50_ms=load.percentile(0.5), p99_ms=load.percentile(0.99))


def _floor(stack: Stack, shops: Sequence[Shop], seconds: float) -> Leg:
    ids = [shop.id for shop in shops]
    body = sample(1_234_567).hex()
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_STORE.format(first=min(ids), last=max(ids)))
        script.flush()
        command = [str(pgbench()), "--no-vacuum", "--protocol=prepared"]
        command += [f"--client={CLIENTS}", "--jobs=2", f"--time={max(1, round(seconds))}"]
        command += [f"--define=body=\\x{body}", f"--file={script.name}"]
        with stack.meter.measured() as reading:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(
                command, env=stack.libpq_environ(), capture_output=True, text=True, check=True
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
    reading.cpu["client"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = _PROCESSED.search(done.stdout)
    if found is None:
        raise AssertionError(f"pgbench says nothing of transactions: {done.stdout}")
    return reading.leg(int(found[1]))


def _stored(stack: Stack) -> int:
    with stack.connect() as connection:
        row = connection.execute("SELECT count(*) FROM inbox_events").fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _serving(stack: Stack, processes: int) -> Iterator[tuple[int, int]]:
    """`tracker serve` as a deployment runs it: its port and pid."""
    port = _free_port()
    command = [str(Path(sys.executable).with_name("tracker")), "serve", "--port", str(port)]
    command += ["--processes", str(processes)]
    with subprocess.Popen(command, env={**os.environ, **stack.environ}) as process:
        try:
            _await(port, process)
            yield port, process.pid
        finally:
            process.terminate()


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        with (
            suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1),
        ):
            return
        time.sleep(0.05)
    raise AssertionError(f"the web service is not there: exit code {process.poll()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
