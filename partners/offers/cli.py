"""`tracker shops import`."""

from datetime import datetime
from pathlib import Path

import click

from partners.offers.rules import COLUMNS, read_shop
from partners.offers.service import offer
from partners.shops.rules import Card, ShopInvalid
from partners.shops.service import upsert
from tracker.clicks.rules import Terms
from tracker.kit.cli import as_of_option, json_option, moment_of, runtime_of, show
from tracker.kit.csvfiles import FileInvalid, Once, read_rows
from tracker.kit.database import unit_of_work


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_of_option
@json_option
@click.pass_context
def import_shops(ctx: click.Context, file: Path, as_of: datetime | None, as_json: bool) -> None:
    """Make the shops be as a CSV FILE says, with their terms from --as-of on.

    Columns: slug, name, section, subsection, site_url, link_template (with {click_id}),
    hold_days (0-90), on_hold_end (confirm, reject, wait_for_staff), cashback_percent (0-50),
    commission_percent, status (active, left). All of the file is taken, or none.
    """
    runtime = runtime_of(ctx)
    shops = _read(file)
    with unit_of_work(runtime.engine) as session:
        ids = upsert(session, [card for card, _ in shops.values()])
        terms = {ids[slug]: held for slug, (_, held) in shops.items()}
        changed = offer(session, terms, moment_of(as_of, runtime.clock))
    show({"rows": len(shops), "shops": len(ids), "new_terms": changed}, as_json=as_json)


def _read(file: Path) -> dict[str, tuple[Card, Terms]]:
    """The shops of a file by their slugs. Raises FileInvalid with every fault of a line."""
    shops: dict[str, tuple[Card, Terms]] = {}
    once = Once("slug")
    for row in read_rows(file, required=COLUMNS, may_be_empty=True):
        try:
            shop = read_shop(row)
        except ShopInvalid as error:
            raise FileInvalid(f"line {row.line}: {error.detail}", fields=error.fields) from error
        slug = shop[0].slug
        once.look(slug, row.line)
        shops[slug] = shop
    return shops
