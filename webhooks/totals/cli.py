"""`tracker shops totals`."""

from datetime import date, datetime
from typing import Any

import click

from partners.shops.service import find
from tracker.kit.cli import Day, as_of_option, json_option, moment_of, runtime_of, show_rows
from tracker.kit.database import unit_of_work
from tracker.kit.money import format_rubles
from webhooks.totals.queries import found_in, kept, silent
from webhooks.totals.rules import due

_MOST = 1_000


@click.command("totals")
@click.argument("slug", required=False)
@click.option("--date", "day", type=Day(), help="Only this business date.")
@as_of_option
@json_option
@click.pass_context
def totals(
    ctx: click.Context, slug: str | None, day: date | None, as_of: datetime | None, as_json: bool
) -> None:
    """What shops said a day came to, and whether our books agree.

    Of the shop SLUG, or of all; of all, the last day that is due unless --date says otherwise. Of
    a day that is over and past noon of the next, shops that sent nothing though they usually do
    are listed as silent.
    """
    runtime = runtime_of(ctx)
    last = due(moment_of(as_of, runtime.clock))
    if day is None and slug is None:
        day = last
    with unit_of_work(runtime.engine) as session:
        if slug is not None:
            find(session, slug)
        rows = [_shown(row) for row in kept(session, slug=slug, day=day, limit=_MOST)]
        asked = day or last
        if asked <= last:
            rows += [
                {
                    **dict.fromkeys(_COLUMNS),
                    "shop": one,
                    "date": asked.isoformat(),
                    "status": "silent",
                }
                for one in silent(session, asked)
                if slug in (None, one)
            ]
    show_rows(rows, as_json=as_json, empty="none")


_COLUMNS = (
    "shop",
    "date",
    "status",
    "received_at",
    "trusted",
    "booking",
    "our_count",
    "our_sum",
    "their_count",
    "their_sum",
    "missing",
    "extra",
    "amount_mismatch",
    "status_mismatch",
)


def _shown(row: Any) -> dict[str, Any]:
    values = (
        row.slug,
        row.day.isoformat(),
        "differs" if row.differs else "match",
        row.received_at.isoformat(timespec="seconds"),
        row.trusted,
        row.booking,
        row.our_count,
        format_rubles(int(row.our_sum)),
        row.their_count,
        format_rubles(int(row.their_sum)),
        *found_in(row).values(),
    )
    return dict(zip(_COLUMNS, values, strict=True))
