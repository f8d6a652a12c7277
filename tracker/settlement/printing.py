"""What the commands of settlement share: how a month is named, and how runs are printed."""

from typing import Any

import click

from tracker.kit.cli import show
from tracker.kit.money import format_rubles
from tracker.settlement.models import SettlementRun
from tracker.settlement.rules import PeriodInvalid, first_of
from tracker.settlement.schemas import RunSchema, StandingSchema
from tracker.settlement.standing import Standing


class Period(click.ParamType[str]):
    """A month written YYYY-MM."""

    name = "YYYY-MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            first_of(str(value))
        except PeriodInvalid as error:
            self.fail(error.detail, param, ctx)
        return str(value)


period_option = click.option("--period", required=True, type=Period(), help="The month paid.")


def show_run(run: SettlementRun, *, as_json: bool) -> None:
    """A run, its total and its seal."""
    show(dict(RunSchema().dump(run)), as_json=as_json, title=f"Settlement {run.period}")


def show_standing(stand: Standing, *, as_json: bool) -> None:
    """How a run stands."""
    told = dict(StandingSchema().dump(stand))
    if not as_json:
        told.pop("payouts")
        told |= {
            state: f"{tally.count} payouts, {format_rubles(tally.amount)} RUB"
            for state, tally in stand.payouts.items()
        }
    show(told, as_json=as_json, title=f"Settlement {stand.run.period}")
