"""`tracker inbox …`"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import click

from partners.shops.service import find
from tracker.kit.cli import (
    Moment,
    as_of_option,
    json_option,
    moment_of,
    runtime_of,
    show,
    show_rows,
    word_of,
)
from tracker.kit.database import unit_of_work
from tracker.purchases.settling import programme_of
from tracker.staff.cli import acting_on, known_on, token_option
from tracker.staff.rules import Role
from webhooks.desk.crediting import Word, reattribute_as, reattribute_event
from webhooks.desk.service import discard_events, find_events, look, retry_events
from webhooks.inbox.cli import prune_inbox
from webhooks.inbox.models import EventState, InboxEvent, ParkedReason
from webhooks.inbox.queries import search, standing

TASK = "inbox"
_ALL = 100_000

reason_option = click.option("--reason", "why", required=True, help="Why: kept in the audit.")


@click.group("inbox")
def commands() -> None:
    """Events from the shops: what waits, what is parked and why."""


commands.add_command(prune_inbox)


@commands.command("status")
@click.option("--parked", is_flag=True, help="List the parked events.")
@json_option
@click.pass_context
def status(ctx: click.Context, *, parked: bool, as_json: bool) -> None:
    """What waits, what is parked and why."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        if not parked:
            show(standing(session), as_json=as_json, title="Inbox")
            return
        rows = [_row(event) for event in search(session, state=EventState.PARKED, limit=1000)]
    show_rows(rows, as_json=as_json, empty="nothing is parked")


@commands.command("search")
@click.option("--shop", "slug", help="Only of this shop.")
@click.option("--state", type=word_of(EventState), help="Only in this state.")
@click.option("--reason", type=word_of(ParkedReason), help="Only set aside for this reason.")
@click.option("--webhook-id", help="Only under this id.")
@click.option("--order", "order_id", help="Only what the books know of this order; with --shop.")
@click.option("--since", type=Moment(), help="Only received from then on.")
@click.option("--until", type=Moment(), help="Only received before then.")
@click.option("--untrusted", is_flag=True, help="Only what came without proof of its author.")
@click.option("--after", type=int, default=0, help="Only events beyond this id.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@json_option
@click.pass_context
def search_events(ctx: click.Context, /, *, as_json: bool, untrusted: bool, **wanted: Any) -> None:
    """Events in the order they came in."""
    slug, state, reason = (wanted.pop(name) for name in ("slug", "state", "reason"))
    with unit_of_work(runtime_of(ctx).engine) as session:
        rows = [
            {**_row(event), "received_at": event.received_at.isoformat()}
            for event in find_events(
                session,
                shop_id=find(session, slug).id if slug else None,
                state=EventState(state) if state else None,
                reason=ParkedReason(reason) if reason else None,
                trusted=False if untrusted else None,
                **wanted,
            )
        ]
    show_rows(rows, as_json=as_json, empty="nothing was found")


@commands.command("show")
@click.argument("event_id", type=int)
@json_option
@click.pass_context
def show_event(ctx: click.Context, event_id: int, *, as_json: bool) -> None:
    """One event: what became of it, its raw bytes, and what they say."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        figures = look(session, event_id)
    figures["body"] = _body(figures.pop("raw"))
    show(figures, as_json=as_json, title=f"Event {event_id}")


@commands.command("retry")
@click.argument("event_ids", type=int, nargs=-1)
@click.option("--reason", type=word_of(ParkedReason), help="All parked for this reason.")
@token_option
@json_option
@click.pass_context
def retry_some(
    ctx: click.Context,
    event_ids: tuple[int, ...],
    *,
    reason: str | None,
    token: str | None,
    as_json: bool,
) -> None:
    """Let events that were set aside be tried again: by their ids, or all parked for a reason.

    Ids that cannot be tried again are named; exit 1 when nothing was retried of those given.
    """
    if not event_ids and not reason:
        raise click.UsageError("name events by their ids, or a --reason")
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, token, Role.OPERATOR)
        ids = set(event_ids)
        if reason:
            wanted = ParkedReason(reason)
            parked = search(session, state=EventState.PARKED, reason=wanted, limit=_ALL)
            ids |= {event.id for event in parked}
        done = retry_events(session, who, ids, None)
    runtime.nudger.nudge(TASK)
    _tell(ctx, "retried", event_ids, done, as_json=as_json)


@commands.command("discard")
@click.argument("event_ids", type=int, nargs=-1, required=True)
@reason_option
@token_option
@json_option
@click.pass_context
def discard_some(
    ctx: click.Context, event_ids: tuple[int, ...], *, why: str, token: str | None, as_json: bool
) -> None:
    """Let nothing come of parked events. They are kept, and can still be retried.

    Ids of events that are not parked are named; exit 1 when nothing was discarded.
    """
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        who = acting_on(session, runtime, token, Role.OPERATOR)
        done = discard_events(session, who, event_ids, why)
    _tell(ctx, "discarded", event_ids, done, as_json=as_json)


@commands.command("nudge")
@json_option
@click.pass_context
def nudge(ctx: click.Context, *, as_json: bool) -> None:
    """Ask the workers to look at the inbox now, as a scheduler does every second."""
    show({"nudged": runtime_of(ctx).nudger.nudge(TASK)}, as_json=as_json)


@commands.command("reattribute")
@click.argument("event_id", type=int)
@click.option("--click", "click_id", required=True, help="The click that shall be credited.")
@reason_option
@as_of_option
@token_option
@json_option
@click.pass_context
def reattribute_one(
    ctx: click.Context,
    event_id: int,
    *,
    click_id: str,
    why: str,
    as_of: datetime | None,
    token: str | None,
    as_json: bool,
) -> None:
    """Credit the purchases that an event tells of to a click, whatever the shop says of it.

    By a token it is proposed where one person may not credit so much alone.
    """
    runtime, asked = runtime_of(ctx), None
    moment = moment_of(as_of, runtime.clock)
    with unit_of_work(runtime.engine) as session:
        if token is None:
            who = acting_on(session, runtime, None, Role.OPERATOR)
            word = Word(click_id, who, why, moment)
            ids = reattribute_event(session, event_id, word, programme_of(runtime.settings))
        else:
            by = known_on(session, runtime, token, Role.OPERATOR)
            word = Word(click_id, by.login, why, moment)
            ids, asked = reattribute_as(session, runtime, event_id, word, by)
    show({"purchases": ids} | ({"proposal": asked.id} if asked else {}), as_json=as_json)


def _row(event: InboxEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "shop_id": event.shop_id,
        "webhook_id": event.webhook_id,
        "state": event.state,
        "reason": event.parked_reason,
        "detail": event.parked_detail,
    }


def _body(raw: str | None) -> object:
    """As JSON where it is, for people and for scripts."""
    try:
        return None if raw is None else json.loads(raw)
    except ValueError:
        return raw


def _tell(
    ctx: click.Context, verb: str, named: Iterable[int], done: Collection[int], *, as_json: bool
) -> None:
    left = sorted(set(named) - set(done))
    for event_id in left:
        click.echo(f"event {event_id} is not parked", err=True)
    show({verb: len(done)}, as_json=as_json)
    if left and not done:
        ctx.exit(1)
