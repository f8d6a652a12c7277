"""`tracker inbox …`"""

import json

import click

from tracker.kit.cli import json_option, runtime_of, show, show_rows, word_of
from tracker.kit.database import unit_of_work
from tracker.kit.errors import NotFound
from webhooks.inbox.models import EventState, ParkedReason
from webhooks.inbox.queries import event_with_body, parked_among, search, standing
from webhooks.inbox.work import retry

TASK = "inbox"
_ALL = 100_000


class EventNotFound(NotFound):
    """No such event in the inbox."""

    code = "event_not_found"


@click.group("inbox")
def commands() -> None:
    """Events from the shops: what waits, what is parked and why."""


@commands.command("status")
@click.option("--parked", is_flag=True, help="List the parked events.")
@json_option
@click.pass_context
def status(ctx: click.Context, parked: bool, as_json: bool) -> None:
    """What waits, what is parked and why."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        if not parked:
            show(standing(session), as_json=as_json, title="Inbox")
            return
        rows = [
            {
                "id": event.id,
                "shop_id": event.shop_id,
                "webhook_id": event.webhook_id,
                "reason": event.parked_reason,
                "detail": event.parked_detail,
            }
            for event in search(session, state=EventState.PARKED, limit=1000)
        ]
    show_rows(rows, as_json=as_json, empty="nothing is parked")


@commands.command("show")
@click.argument("event_id", type=int)
@json_option
@click.pass_context
def show_event(ctx: click.Context, event_id: int, as_json: bool) -> None:
    """One event: its state, its attempts, its raw body."""
    with unit_of_work(runtime_of(ctx).engine) as session:
        found = event_with_body(session, event_id)
        if found is None:
            raise EventNotFound(f"no event {event_id}")
        event, body = found
        figures = {
            "id": event.id,
            "shop_id": event.shop_id,
            "webhook_id": event.webhook_id,
            "received_at": event.received_at.isoformat(),
            "state": event.state,
            "attempts": event.attempts,
            "parked_reason": event.parked_reason,
            "parked_detail": event.parked_detail,
            "sha256": event.sha256.hex(),
            "size": event.size,
            "body": "pruned" if body is None else _body(body),
        }
    show(figures, as_json=as_json, title=f"Event {event_id}")


@commands.command("retry")
@click.argument("event_ids", type=int, nargs=-1)
@click.option("--reason", type=word_of(ParkedReason), help="All parked for this reason.")
@json_option
@click.pass_context
def retry_events(
    ctx: click.Context, event_ids: tuple[int, ...], reason: str | None, as_json: bool
) -> None:
    """Let parked events be tried again: by their ids, or all of a reason.

    Ids of events that are not parked are named; exit 1 when nothing was retried of those given.
    """
    if not event_ids and not reason:
        raise click.UsageError("name events by their ids, or a --reason")
    runtime = runtime_of(ctx)
    with unit_of_work(runtime.engine) as session:
        named = parked_among(session, event_ids)
        ids = list(named)
        if reason:
            wanted = ParkedReason(reason)
            parked = search(session, state=EventState.PARKED, reason=wanted, limit=_ALL)
            ids += [event.id for event in parked]
        count = retry(session, ids)
    runtime.nudger.nudge(TASK)
    for event_id in sorted(set(event_ids) - named):
        click.echo(f"event {event_id} is not parked", err=True)
    show({"retried": count}, as_json=as_json)
    if not count and event_ids:
        ctx.exit(1)


@commands.command("nudge")
@json_option
@click.pass_context
def nudge(ctx: click.Context, as_json: bool) -> None:
    """Ask the workers to look at the inbox now, as a scheduler does every second."""
    show({"nudged": runtime_of(ctx).nudger.nudge(TASK)}, as_json=as_json)


def _body(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")
