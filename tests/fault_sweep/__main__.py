"""`make fault-sweep N=50 PAYOUTS=2000`: months under fault scripts, one after the other."""

import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

import click

from sandbox.servers import temporary_servers
from tests.fault_sweep.month import Report, pay_by_number
from tests.fault_sweep.place import make_template
from tests.fault_sweep.scripts import scripts
from tracker.kit.crypto import new_key


@click.command()
@click.option("--scripts", "count", default=50, show_default=True, type=click.IntRange(min=1))
@click.option("--payouts", default=2_000, show_default=True, type=click.IntRange(min=1))
@click.option("--seed", default=1, show_default=True)
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1, 15))
@click.option("--only", default="", help="Scripts whose name has this in it.")
def main(count: int, payouts: int, seed: int, jobs: int, only: str) -> None:
    """Pay months on an operator's bad days; exit 1 when anything was paid twice or lost."""
    began = time.monotonic()
    chosen = [one for one in scripts(count, seed) if only in one.name]
    with temporary_servers() as servers:
        template = make_template(servers.addresses, new_key(), payouts)
        click.echo(_HEADER)
        reports = []
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(jobs, spawn) as pool:
            months = [
                pool.submit(pay_by_number, template, number, script)
                for number, script in enumerate(chosen)
            ]
            for month in as_completed(months):
                report = month.result()
                reports.append(report)
                click.echo(_line(report))
                for one in report.wrong[:10]:
                    click.echo(f"    VIOLATION {one}")
    wrong = sum(len(one.wrong) for one in reports)
    click.echo(
        f"{len(reports)} scripts, {sum(one.payouts for one in reports):,} payouts,"
        f" {sum(one.met for one in reports):,} faults met, {sum(one.asked for one in reports):,}"
        f" unknown, {sum(one.again for one in reports):,} sent again,"
        f" {sum(one.with_staff for one in reports):,} with staff,"
        f" {sum(one.findings for one in reports):,} findings;"
        f" {wrong} violations in {time.monotonic() - began:.0f} s"
    )
    if wrong:
        sys.exit(f"again: --scripts {count} --payouts {payouts} --seed {seed} --only NAME")


_COLUMNS = (
    "payouts",
    "paid",
    "failed",
    "asked",
    "again",
    "with_staff",
    "findings",
    "starts",
    "met",
)
_HEADER = f"{'script':<40}" + "".join(f"{name:>11}" for name in _COLUMNS) + "    seconds"


def _line(report: Report) -> str:
    values = "".join(f"{getattr(report, name):>11,}" for name in _COLUMNS)
    return f"{report.name[:40]:<40}{values}{report.seconds:>11.1f}"


if __name__ == "__main__":
    main()
