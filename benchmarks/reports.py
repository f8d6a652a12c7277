"""Reports over a large ledger, beside plain SQL that says the same.

What is read at once is timed whole, as a worker process does it, and so is what is exported: a
million lines, kept in the database in pieces. Its floors are one statement that makes the same
lines and keeps them in the database as well, and COPY of them, thrown away. How much memory a
worker takes for a million lines and for a tenth of them is told beside.
"""

import resource
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial

from benchmarks.legs import Figure, Leg, Run, compared, interleaved
from benchmarks.reports_seed import Seeded, seed
from benchmarks.sizes import Sizes
from benchmarks.stack import Stack
from benchmarks.workers import Worker, engine_of_worker, running
from tracker.kit.database import snapshot, unit_of_work
from tracker.reports.contracts import Asked
from tracker.reports.exporting import Desk
from tracker.reports.jobs import work
from tracker.reports.reading import Reading
from tracker.reports.rules import Format
from tracker.reports.service import ask
from wiring.reports import REPORTS, SHOPS

NOW = datetime.now(UTC)
READ: Mapping[str, str] = {
    "liability": "now",
    "liability, a year ago by both clocks": "then",
    "trial-balance": "now",
    "top-shops": "now",
    "aging": "now",
}
"""What is read at once, and as of when."""

EXPORT, TENTH = "export of {:,} lines", "export of a tenth"


def measure(stack: Stack, sizes: Sizes) -> list[Figure]:
    """Each report and each file beside its floor."""
    seeded = seed(stack, sizes.entries)
    key = stack.environ["TRACKER_SECRET_KEY"]
    whole = EXPORT.format(seeded.exported)
    with running(stack.url, key, 1) as workers:
        worker = workers[0]
        contenders: dict[str, Run] = {}
        for name, when in READ.items():
            report = name.partition(",")[0]
            contenders[name] = partial(_timed, stack, worker, read, report, when)
            contenders[f"{name} floor"] = partial(_timed, stack, worker, floor, report, when)
        legs = interleaved(sizes.rounds, contenders)
    made = [
        compared("reports", f"{name}, {seeded.entries:,} entries", "a second", *_pair(legs, name))
        for name in READ
    ]
    files = {
        whole: (Format.CSV, seeded.exported_since),
        TENTH: (Format.CSV, _tenth(seeded)),
    }
    exports = interleaved(
        min(sizes.rounds, 3),
        {
            contender: run
            for name, (form, since) in files.items()
            for contender, run in (
                (name, partial(_exported, stack, form, since)),
                (f"{name} floor", partial(_kept, stack, since)),
                (f"{name}, beside COPY floor", partial(_copied, stack, since)),
            )
        },
    )
    for name in files:
        made.append(compared("reports", name, "lines/s", *_pair(exports, name)))
        beside = f"{name}, beside COPY"
        floors = exports[f"{beside} floor"]
        made.append(compared("reports", beside, "lines/s", exports[name], floors))
    return made


def _pair(legs: Mapping[str, list[Leg]], name: str) -> tuple[list[Leg], list[Leg]]:
    return legs[name], legs[f"{name} floor"]


def _tenth(seeded: Seeded) -> str:
    since = date.fromisoformat(seeded.exported_since)
    return (NOW.date() - (NOW.date() - since) / 10).isoformat()


def _timed(
    stack: Stack, worker: Worker, job: Callable[[str, str], int], report: str, when: str
) -> Leg:
    with stack.meter.measured(tracker=[worker.pid]) as reading:
        worker.executor.submit(job, report, when).result()
    return reading.leg(1, ms=1000 * reading.seconds)


def _asked(when: str) -> Asked:
    if when == "now":
        return Asked(as_of=NOW)
    year_ago = NOW - timedelta(days=365)
    return Asked(as_of=year_ago, known_at=year_ago + timedelta(hours=7))


def read(name: str, when: str) -> int:
    """A report with its figures, lines and totals, as it is answered; how many lines."""
    with snapshot(engine_of_worker()) as session:
        reading = Reading.begin(session, REPORTS[name], _asked(when), SHOPS.slugs(session))
        lines = len(list(reading.rows(1_001)))
        reading.figures()
        return lines


def floor(name: str, when: str) -> int:
    """The same figures from the entries, by one statement that somebody would write by hand."""
    asked = _asked(when)
    given = {
        "as_of": asked.as_of,
        "known_at": asked.known_at or NOW + timedelta(days=1),
        "since": asked.as_of.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
    }
    with engine_of_worker().connect() as connection:
        return len(connection.exec_driver_sql(PLAIN[name], given).all())


_CUT = "effective_at <= %(as_of)s AND recorded_at <= %(known_at)s"
_BOTH = "ledger_transactions AS moved JOIN ledger_entries ON transaction_id = moved.id"
_SUMS = f"""
    SELECT account, kind, effective_at < %(since)s, sum(amount)
    FROM {_BOTH} WHERE {_CUT} GROUP BY 1, 2, 3
"""
PLAIN = {
    "liability": f"""
        WITH moved AS (
            SELECT account, owner_id, kind, effective_at < %(since)s AS is_before, amount
            FROM {_BOTH}
            WHERE {_CUT} AND account IN ('member_pending', 'member_available', 'member_reserved',
                                         'member_in_flight', 'certificates_outstanding')
        ), summed AS (
            SELECT account, kind, is_before, sum(amount) FROM moved GROUP BY 1, 2, 3
        ), debts AS (
            SELECT sum(amount) AS amount FROM moved WHERE account = 'member_available'
            GROUP BY owner_id HAVING sum(amount) > 0
        )
        SELECT summed.*, (SELECT sum(amount) FROM debts) FROM summed
    """,
    "trial-balance": _SUMS,
    "top-shops": f"""
        SELECT owner_id, account, kind, sum(amount), count(*)
        FROM {_BOTH}
        WHERE {_CUT} AND effective_at >= %(since)s
          AND account IN ('shop_pending_commission', 'shop_receivable')
        GROUP BY 1, 2, 3
    """,
    "aging": f"""
        SELECT shop_id, now()::date - since::date AS age, count(*), sum(amount)
        FROM (
            SELECT split_part(reference, ':', 2)::bigint AS purchase, -sum(amount) AS amount,
                   min(effective_at) AS since
            FROM {_BOTH} WHERE {_CUT} AND account = 'member_pending' GROUP BY 1
            HAVING sum(amount) <> 0
        ) AS pending JOIN purchases ON purchases.id = purchase
        GROUP BY 1, 2
    """,
}
"""The plain SQL beside each report."""

_ENTRIES = f"""
    SELECT moved.id, leg, reference, kind, effective_at, recorded_at, period, account,
           CASE WHEN account LIKE 'shop%%' THEN owner_id END AS shop,
           CASE WHEN account LIKE 'member%%' THEN owner_id END AS member,
           CASE WHEN amount > 0 THEN round(amount::numeric / 100, 2) END AS debit,
           CASE WHEN amount < 0 THEN round(-amount::numeric / 100, 2) END AS credit, corrects
    FROM {_BOTH} WHERE effective_at >= %s AND effective_at <= %s
    ORDER BY moved.id, leg
"""
_JOURNAL = f"COPY ({_ENTRIES}) TO STDOUT WITH (FORMAT csv)"
_KEPT = f"""
    INSERT INTO kept_files
    SELECT number / 25000, convert_to(string_agg(line, E'\\n' ORDER BY number), 'UTF8')
    FROM (
        SELECT row_number() OVER () AS number,
               concat_ws(',', id, leg, reference, kind, effective_at, recorded_at, period, account,
                         coalesce(shop::text, ''), coalesce(member::text, ''),
                         coalesce(debit::text, ''), coalesce(credit::text, ''), corrects) AS line
        FROM ({_ENTRIES}) AS entries
    ) AS lines GROUP BY 1
"""


def write_export(form: str, since: str) -> tuple[int, int, float]:
    """Ask for the journal since a day, and write it: its lines and bytes, and the most memory
    that this process ever took, in MB."""
    engine = engine_of_worker()
    asked = Asked(as_of=NOW, since=date.fromisoformat(since))
    with unit_of_work(engine) as session:
        made = ask(session, "bench", REPORTS["journal"], Format(form), asked).id
    desk = Desk(engine, REPORTS, SHOPS, timedelta(seconds=0))
    while work(desk):
        pass
    with engine.connect() as connection:
        row = connection.exec_driver_sql(
            "SELECT lines, bytes FROM report_exports WHERE id = %s AND state = 'expired'", (made,)
        ).one()
    return row.lines, row.bytes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _exported(stack: Stack, form: Format, since: str) -> Leg:
    """By a process of its own: what it takes of memory is of this file alone."""
    with running(stack.url, stack.environ["TRACKER_SECRET_KEY"], 1) as workers:
        worker = workers[0]
        before = worker.executor.submit(_memory).result()
        with stack.meter.measured(tracker=[worker.pid]) as reading:
            job = worker.executor.submit(write_export, str(form), since)
            lines, size, most = job.result()
    details = {"seconds": reading.seconds, "MB_file": size / 1e6, "MB_before": before}
    return reading.leg(lines, **details, MB_memory=most)


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _copied(stack: Stack, since: str) -> Leg:
    lines = 0
    with (
        stack.connect() as connection,
        connection.cursor() as cursor,
        stack.meter.measured(tracker=[]) as reading,
        cursor.copy(_JOURNAL, (f"{since} 00:00+03", NOW)) as copy,
    ):
        while copy.read():
            lines += 1
    return reading.leg(lines, seconds=reading.seconds)


def _kept(stack: Stack, since: str) -> Leg:
    with stack.connect_superuser() as connection:
        connection.execute("DROP TABLE IF EXISTS kept_files")
        connection.execute("CREATE TABLE kept_files (place bigint, body bytea)")
        connection.execute("ALTER TABLE kept_files ALTER COLUMN body SET STORAGE EXTERNAL")
        with stack.meter.measured(tracker=[]) as reading:
            connection.execute(_KEPT, (f"{since} 00:00+03", NOW))
        row = connection.execute(_LINES, (f"{since} 00:00+03", NOW)).fetchone()
    return reading.leg(int(row[0]) if row else 0, seconds=reading.seconds)


_LINES = f"SELECT count(*) FROM {_BOTH} WHERE effective_at >= %s AND effective_at <= %s"
