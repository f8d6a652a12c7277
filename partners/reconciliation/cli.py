"""`tracker statements …`"""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import click

from partners.reconciliation.deciding import Expected, Say, Which
from partners.reconciliation.desk import (
    decided,
    matched_again,
    note_upload,
)
from partners.reconciliation.looking_cli import (
    FILE,
    format_of_shop,
    list_findings,
    list_statements,
    show_one,
    show_statement,
    try_sample,
)
from partners.reconciliation.rules import (
    DECIDABLE,
    MAX_PART,
    UNDECIDED,
    Decision,
    FileEmpty,
    Kind,
    days,
)
from partners.reconciliation.schemas import (
    PartnerDecidedSchema,
)
from partners.reconciliation.service import File, add_part, begin, finish
from partners.reconciliation.working import work
from partners.shops.service import find
from tracker.kit.cli import (
    Day,
    Roubles,
    as_of_option,
    json_option,
    moment_of,
    runtime_of,
    show,
    word_of,
)
from tracker.kit.database import unit_of_work
from tracker.kit.runtime import Runtime
from tracker.kit.settings import Settings
from tracker.purchases.service import Programme
from tracker.staff.cli import acting_on, known_on, token_option
from tracker.staff.rules import Role


def build(programme: Callable[[Settings], Programme]) -> click.Group:
    """The commands; ``programme`` gives the figures that bookings go by."""
    group = click.Group("statements", help="What shops say their orders came to.")
    for command in (format_of_shop, try_sample, list_statements, show_statement, list_findings):
        group.add_command(command)
    for command in (_importing(programme), _matching(programme), _deciding(programme)):
        group.add_command(command)
    return group


def _importing(programme: Callable[[Settings], Programme]) -> click.Command:
    @click.command("import")
    @click.argument("slug")
    @click.argument("file", type=FILE)
    @click.option("--from", "first", type=Day(), required=True, help="The first date of orders.")
    @click.option("--to", "last", type=Day(), required=True, help="The last one, included.")
    @click.option("--skip-faulty", is_flag=True, help="Leave out lines with a fault.")
    @token_option
    @json_option
    @click.pass_context
    def import_statement(
        ctx: click.Context,
        /,
        slug: str,
        file: Path,
        *,
        first: date,
        last: date,
        skip_faulty: bool,
        token: str | None,
        as_json: bool,
    ) -> None:
        """Take the statement of the shop SLUG out of a FILE, read it and match it.

        Its orders were placed on the dates from --from to --to. The same file again is the same
        statement.
        """
        runtime = runtime_of(ctx)
        if not file.stat().st_size:
            raise FileEmpty(f"there is nothing in {file}")
        told = File(file.name[:200], days(first, last), skip_faulty)
        with unit_of_work(runtime.engine) as session:
            who = acting_on(session, runtime, token, Role.OPERATOR)
            shop = find(session, slug)
            statement = begin(session, shop.id, told, who)
            with file.open("rb") as source:
                for part, raw in enumerate(iter(lambda: source.read(MAX_PART), b""), start=1):
                    add_part(session, runtime.settings.keys, statement, part, raw)
            made = finish(session, runtime.settings.keys, statement)
            note_upload(session, slug, made, who)
        _work(runtime, programme)
        show_one(runtime, slug, made.id, as_json=as_json)

    return import_statement


def _matching(programme: Callable[[Settings], Programme]) -> click.Command:
    @click.command("match")
    @click.argument("slug")
    @click.argument("statement_id", type=int)
    @token_option
    @json_option
    @click.pass_context
    def match_statement(
        ctx: click.Context, /, slug: str, statement_id: int, token: str | None, as_json: bool
    ) -> None:
        """Hold a statement of the shop SLUG against our books as they are now."""
        runtime = runtime_of(ctx)
        with unit_of_work(runtime.engine) as session:
            who = acting_on(session, runtime, token, Role.OPERATOR)
            matched_again(session, slug, statement_id, who)
        _work(runtime, programme)
        show_one(runtime, slug, statement_id, as_json=as_json)

    return match_statement


def _deciding(programme: Callable[[Settings], Programme]) -> click.Command:
    @click.command("decide")
    @click.argument("slug")
    @click.argument("statement_id", type=int)
    @click.argument("decision", type=word_of(Decision))
    @click.option("--reason", required=True, help="Why: it is kept with the act.")
    @click.option("--kind", type=word_of(Kind), help="Only findings of this kind.")
    @click.option("--id", "ids", type=int, multiple=True, help="Only these findings.")
    @click.option("--again", is_flag=True, help="Also those that were settled otherwise.")
    @click.option("--expected", type=click.IntRange(min=0), help="How many there are.")
    @click.option("--expected-commission", type=Roubles(signed=True), help="What they come to.")
    @click.option("--expected-cashback", type=Roubles(signed=True), help="What they come to.")
    @as_of_option
    @token_option
    @json_option
    @click.pass_context
    def decide_findings(
        ctx: click.Context,
        /,
        slug: str,
        statement_id: int,
        decision: str,
        *,
        reason: str,
        kind: str | None,
        ids: tuple[int, ...],
        again: bool,
        expected: int | None,
        expected_commission: int | None,
        expected_cashback: int | None,
        as_of: datetime | None,
        token: str | None,
        as_json: bool,
    ) -> None:
        """Say who is right about findings of a statement of the shop SLUG.

        DECISION theirs lets our books follow; what is booked counts from --as-of on. The token of
        an approver is needed, of another one than whoever sent the file.
        """
        runtime = runtime_of(ctx)
        which = Which(Kind(kind) if kind else None, ids or None, DECIDABLE if again else UNDECIDED)
        with unit_of_work(runtime.engine) as session:
            who = known_on(session, runtime, token, Role.APPROVER)
            say = Say(Decision(decision), reason, who, moment_of(as_of, runtime.clock))
            comes_to = Expected(expected, expected_commission, expected_cashback)
            made = decided(session, slug, statement_id, which, say, expected=comes_to)
        _work(runtime, programme)
        show(dict(PartnerDecidedSchema().dump(made)), as_json=as_json)

    return decide_findings


def _work(runtime: Runtime, programme: Callable[[Settings], Programme]) -> None:
    """Do what waits here and now; workers may be doing it as well."""
    while work(runtime.engine, runtime.settings.keys, programme(runtime.settings)):
        pass
