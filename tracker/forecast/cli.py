"""`tracker forecast show | shops | shop | rebuild`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from tracker.forecast.looking import rebuild
from tracker.forecast.making import House
from tracker.forecast.ports import Ids, Slugs
from tracker.forecast.queries import shop, shops, told
from tracker.forecast.rules import NoCurve
from tracker.forecast.schemas import (
    ForecastCostSchema,
    ForecastSchema,
    ForecastShopSchema,
    shop_view,
)
from tracker.kit.cli import (
    as_of_option,
    json_option,
    moment_of,
    print_json,
    runtime_of,
    show,
    show_rows,
)
from tracker.kit.database import snapshot
from tracker.kit.settings import Settings

HouseOf = Callable[[Settings], House]

_ALL = 10_000


def build(house_of: HouseOf, slugs: Slugs, ids: Ids) -> click.Group:
    """The commands, over what a forecast needs of the programme and what shops are called."""
    group = click.Group("forecast", help="Expected money: no promise, and it moves none.")
    group.add_command(_show())
    group.add_command(_rebuild(house_of))
    group.add_command(_shops(slugs))
    group.add_command(_shop(ids))
    return group


def _show() -> click.Command:
    @click.command("show")
    @as_of_option
    @json_option
    @click.pass_context
    def show_forecast(ctx: click.Context, as_of: datetime | None, as_json: bool) -> None:
        """What the next three 1sts may cost, as it was last foretold until a moment."""
        runtime = runtime_of(ctx)
        with snapshot(runtime.engine) as session:
            found = told(session, moment_of(as_of, runtime.clock))
            shown: dict[str, Any] = ForecastSchema().dump(found)
            costs = [ForecastCostSchema().dump(one) for one in found.costs]
        if as_json:
            print_json(shown)
            return
        show({name: one for name, one in shown.items() if name != "costs"}, as_json=False)
        show_rows(costs, as_json=False, empty="no costs")

    return show_forecast


def _rebuild(house_of: HouseOf) -> click.Command:
    @click.command("rebuild")
    @as_of_option
    @click.option("--seed", type=int, help="Of the play-throughs [default: made from the moment].")
    @json_option
    @click.pass_context
    def rebuild_forecast(
        ctx: click.Context, as_of: datetime | None, seed: int | None, as_json: bool
    ) -> None:
        """Look ahead from a moment, as workers do each day."""
        runtime = runtime_of(ctx)
        moment = moment_of(as_of, runtime.clock)
        made = rebuild(runtime.engine, house_of(runtime.settings), moment, seed)
        figures = {"as_of": made.as_of, "seed": made.seed, "purchases": made.purchases}
        show(figures | {"members": made.members, "one_in": made.one_in}, as_json=as_json)

    return rebuild_forecast


def _shops(slugs: Slugs) -> click.Command:
    @click.command("shops")
    @click.option("--unlike", is_flag=True, help="Those alone that reject unlike themselves.")
    @json_option
    @click.pass_context
    def list_shops(ctx: click.Context, unlike: bool, as_json: bool) -> None:
        """How shops stand against their own past."""
        with snapshot(runtime_of(ctx).engine) as session:
            found = shops(session, after=0, limit=_ALL, unlike=unlike)
            names = slugs(session, [curve.shop_id for curve, _ in found])
            rows = []
            for curve, watch in found:
                view = shop_view(names.get(curve.shop_id, ""), curve, watch)
                stands = view["watch"] or dict.fromkeys(_WATCH)
                rows.append({"shop": view["shop"], "purchases": view["purchases"], **stands})
        show_rows(rows, as_json=as_json, empty="no shops")

    return list_shops


_WATCH = ("rejected", "expected", "odds", "bar", "since")


def _shop(ids: Ids) -> click.Command:
    @click.command("shop")
    @click.argument("slug")
    @json_option
    @click.pass_context
    def show_shop(ctx: click.Context, slug: str, as_json: bool) -> None:
        """How purchases of a shop end, by their age."""
        with snapshot(runtime_of(ctx).engine) as session:
            known = ids(session, [slug])
            if slug not in known:
                raise NoCurve(f"no shop is called {slug!r}")
            view = ForecastShopSchema().dump(shop_view(slug, *shop(session, known[slug])))
        if as_json:
            print_json(view)
            return
        show_rows(view["ages"], as_json=False, empty="no ages")

    return show_shop
