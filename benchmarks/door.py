"""The front door: accepted webhooks a second over HTTP, signed and durable.

The floors are pgbench: as many clients as there are senders, each inserting one row a transaction,
prepared, with nothing in between. One inserts into the inbox's own table of events, the other into
the least that an inbox could be: a body and a unique key. (Ours is two rows an event and a look at
the shop's row.)
"""

import re
import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from random import Random

from benchmarks.legs import Figure, Leg, compared, interleaved
from benchmarks.load import drive
from benchmarks.processes import serving
from benchmarks.seed import Shop, make_shops
from benchmarks.sizes import Sizes
from benchmarks.stack import Stack, cores, pgbench
from benchmarks.webhooks import requests, sample

CLIENTS = 64
_PER_SECOND = 20_000
"""Requests made ready for each second of a leg: more than can be answered."""
_WARM_UP = 8
"""How often all processes together hear of each shop before anything is timed, for each process:
the first time, a process reads and decrypts the shop's secrets. Each time over new connections, as
a connection stays with its process, and in another order."""
_WARM_UP_LIMIT = 30.0
_HTTP_ACCEPTED = 202
_PROCESSED = re.compile(r"transactions actually processed: (\d+)")
_BARE_TABLE = """
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
_NUMBERED = """
\\set shop random({first}, {last})
\\set number random(1, 9000000000000000000)
"""
_INTO_THE_INBOX = """
INSERT INTO inbox_events (shop_id, webhook_id, sha256, size)
VALUES (:shop, 'msg_' || :number, sha256(:body), octet_length(:body)) ON CONFLICT DO NOTHING;
"""
_INTO_BARE_TABLE = """
INSERT INTO bench_inbox (shop_id, webhook_id, body) VALUES (:shop, 'msg_' || :number, :body)
ON CONFLICT DO NOTHING;
"""


def measure(stack: Stack, sizes: Sizes) -> list[Figure]:
    """The door beside its floors."""
    shops = make_shops(stack, sizes.shops)
    with stack.connect_owner() as connection:
        connection.execute(_BARE_TABLE)
    processes = cores()
    legs = interleaved(
        sizes.rounds,
        {
            "door": lambda: _door(stack, shops, processes, sizes.seconds),
            "inbox": lambda: _floor(stack, shops, sizes.seconds, _INTO_THE_INBOX),
            "bare": lambda: _floor(stack, shops, sizes.seconds, _INTO_BARE_TABLE),
        },
    )
    contender = f"{processes} processes, {CLIENTS} clients"
    return [
        compared("door", contender, "webhooks/s", legs["door"], legs["inbox"]),
        compared("door", f"{contender}, bare floor", "webhooks/s", legs["door"], legs["bare"]),
    ]


def _door(stack: Stack, shops: Sequence[Shop], processes: int, seconds: float) -> Leg:
    with serving(stack, processes) as (port, pid):
        for number in range(_WARM_UP * processes):
            shuffled = Random(number).sample(shops, len(shops))
            ready = requests(shuffled, len(shuffled), time.time())
            drive(port, ready, clients=CLIENTS, seconds=_WARM_UP_LIMIT)
        prepared = list(requests(shops, int(seconds * _PER_SECOND), time.time()))
        before = _stored(stack)
        with stack.meter.measured(tracker=[pid]) as reading:
            load = drive(port, iter(prepared), clients=CLIENTS, seconds=seconds)
    accepted = load.statuses[_HTTP_ACCEPTED]
    if load.statuses.total() != accepted or _stored(stack) - before != accepted:
        raise AssertionError(f"{load.statuses} came back, {_stored(stack) - before} are stored")
    return reading.leg(accepted, p50_ms=load.percentile(0.5), p99_ms=load.percentile(0.99))


def _floor(stack: Stack, shops: Sequence[Shop], seconds: float, statement: str) -> Leg:
    ids = [shop.id for shop in shops]
    body = sample(1_234_567).hex()
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_NUMBERED.format(first=min(ids), last=max(ids)) + statement)
        script.flush()
        return pgbench_leg(
            stack, script.name, clients=CLIENTS, seconds=seconds, define=f"body=\\x{body}"
        )


def pgbench_leg(
    stack: Stack, script: str, *, clients: int, seconds: float, define: str = "unused=0"
) -> Leg:
    """So many clients run a script of pgbench, prepared, for so long."""
    command = [str(pgbench()), "--no-vacuum", "--protocol=prepared"]
    command += [f"--client={clients}", "--jobs=2", f"--time={max(1, round(seconds))}"]
    command += [f"--define={define}", f"--file={script}"]
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
