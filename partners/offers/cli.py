"""`tracker shops import`."""

from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from partners.offers.changing import Changed, change
from partners.offers.rules import COLUMNS, read_shop
from partners.shops.rules import Card, ShopInvalid
from partners.shops.service import all_shops, upsert
from tracker.clicks.rules import Terms
from tracker.kit.cli import (
    as_of_option,
    json_option,
    moment_of,
    runtime_of,
    show,
    show_rows,
)
from tracker.kit.csvfiles import FileInvalid, Once, read_rows
from tracker.kit.database import unit_of_work
from tracker.kit.runtime import Runtime
from tracker.staff.cli import acting_on, known_on, token_option
from tracker.staff.rules import Role
from tracker.staff.service import Person


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_of_option
@token_option
@json_option
@click.pass_context
def import_shops(
    ctx: click.Context, file: Path, *, as_of: datetime | None, token: str | None, as_json: bool
) -> None:
    """Make the shops be as a CSV FILE says, with their terms from --as-of on.

    Columns: slug, name, section, subsection, site_url, link_template (with {click_id}),
    hold_days (0-90), on_hold_end (confirm, reject, wait_for_staff), cashback_percent (0-50),
    commission_percent, status (active, left); and if you like name_uk, name_en: the name in
    Ukrainian and in English, where it differs. All of the file is taken, or none; but rates that
    change by more than RATE_CHANGE_LIMIT are proposed, and hold when another person has agreed.
    """
    runtime = runtime_of(ctx)
    shops = _read(file)
    with unit_of_work(runtime.engine) as session:
        by = _person(session, runtime, token)
        ids = upsert(session, [card for card, _ in shops.values()])
        # From the beginning of the second: whoever follows the link in this very second has it.
        since = moment_of(as_of, runtime.clock).replace(microsecond=0)
        now = None if token is None else runtime.clock.now().replace(microsecond=0)
        wanted = {slug: terms for slug, (_, terms) in shops.items()}
        done = change(session, runtime, wanted, since, by=by, reason=_why(file), now=now)
    told = {"rows": len(shops), "shops": len(ids), "new_terms": len(done.now)}
    show({**told, **_of_two(done)}, as_json=as_json)


def _why(file: Path) -> str:
    name = "".join(one for one in file.name if one.isprintable())
    return f"import of {name[:100]}"


def _person(session: Session, runtime: Runtime, token: str | None) -> Person:
    """Who imports: whoever has the console may do without a token."""
    if token is None:
        return Person(acting_on(session, runtime, None, Role.ADMIN), Role.ADMIN)
    return known_on(session, runtime, token, Role.ADMIN)


def _of_two(done: Changed) -> dict[str, int]:
    """What only another person can let hold; nothing of it is said where there is nothing."""
    if not (done.proposed or done.waiting):
        return {}
    click.echo(
        "warning: rates that change by more than RATE_CHANGE_LIMIT hold when another person has"
        " agreed: tracker proposals list --action shop.terms",
        err=True,
    )
    return {"proposed": len(done.proposed), "waiting": len(done.waiting)}


@click.command("list")
@json_option
@click.pass_context
def list_shops(ctx: click.Context, as_json: bool) -> None:
    """The shops: their numbers, names and whether they take part."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        rows = [
            {"id": shop.id, "slug": shop.slug, "name": shop.name, "status": shop.status}
            for shop in all_shops(session)
        ]
    show_rows(rows, as_json=as_json, empty="there are no shops")


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
