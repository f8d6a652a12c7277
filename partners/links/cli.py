"""`tracker clicks import`."""

import csv
import sys
from datetime import timedelta
from pathlib import Path

import click

from partners.links.service import Visit, follow
from partners.shops.service import ids_by_slug
from tracker.kit.cli import runtime_of
from tracker.kit.csvfiles import FileInvalid, Row, instant, read_rows
from tracker.kit.database import unit_of_work
from tracker.members.queries import ids_by_phone
from tracker.members.rules import phone_in

_BATCH = 5_000


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def import_clicks(ctx: click.Context, file: Path) -> None:
    """Record clicks made elsewhere from a CSV FILE: shop,phone,clicked_at.

    Each gets the terms that held at its moment. Prints the file again with a column click_id, in
    the same order. All of the file is taken, or none.
    """
    runtime = runtime_of(ctx)
    window = timedelta(days=runtime.settings.attribution_days)
    rows = list(read_rows(file, required=("shop", "phone", "clicked_at")))
    issued: list[str] = []
    with unit_of_work(runtime.engine) as session:
        shops = ids_by_slug(session, {row["shop"] for row in rows})
        members = ids_by_phone(
            session, runtime.settings.keys, {phone_in(row, "phone") for row in rows}
        )
        visits = [_visit(row, shops, members) for row in rows]
        for start in range(0, len(visits), _BATCH):
            batch = visits[start : start + _BATCH]
            issued += [one.id for one in follow(session, batch, window)]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("shop", "phone", "clicked_at", "click_id"))
    for row, click_id in zip(rows, issued, strict=True):
        writer.writerow((row["shop"], row["phone"], row["clicked_at"], click_id))


def _visit(row: Row, shops: dict[str, int], members: dict[str, int]) -> Visit:
    shop, member = shops.get(row["shop"]), members.get(phone_in(row, "phone"))
    if shop is None:
        raise FileInvalid(f"line {row.line}: no shop is called {row['shop']!r}")
    if member is None:
        raise FileInvalid(f"line {row.line}: no member has the number {row['phone']!r}")
    return Visit(member, shop, instant(row, "clicked_at"))
