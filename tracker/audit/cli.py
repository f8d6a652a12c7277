"""`tracker audit …`"""

from itertools import chain, islice
from typing import Any

import click

from tracker.audit.chain import breaks, walk_from
from tracker.audit.heads import forged, head_from, head_of, heads_kept, text_of, unknown
from tracker.audit.queries import entries
from tracker.audit.rules import Break
from tracker.kit.cli import json_option, runtime_of, show, show_rows
from tracker.kit.database import snapshot, unit_of_work


@click.group("audit")
def commands() -> None:
    """Who did what to what, and why."""


@commands.command("list")
@click.option("--who", help="Only what this person did.")
@click.option("--action", help="Only acts of this kind, such as inbox.discard.")
@click.option("--subject", help="Only acts upon this, such as event:17.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only entries beyond this.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--latest", is_flag=True, help="The last ones instead of the first.")
@json_option
@click.pass_context
def list_entries(
    ctx: click.Context, /, *, as_json: bool, after: int, limit: int, latest: bool, **wanted: Any
) -> None:
    """Acts in the order in which they were done.

    Actions: inbox.retry, inbox.discard, purchase.reattribute, purchase.decide, purchase.separate,
    purchase.vouch, purchase.flag.review, referral.review, shop.terms, shop.secret, shop.dialect,
    shop.trial, claim.decide, claim.credit, claim.read, claim.read_file, member.search,
    member.export, member.erase, settlement.prepare, settlement.approve, settlement.start,
    settlement.pause, settlement.resume, settlement.close, settlement.guard, settlement.open_gate,
    finding.take, finding.explain, payout.resolve, certificate.void, certificate.release,
    certificate.export, salon.add, salon.key, salon.close, staff.add, staff.role, staff.leave,
    staff.return, staff.reset, staff.enrol, staff.enrolled, staff.sign_in, staff.sign_out,
    token.create, token.revoke, adjustment.credit, adjustment.debit, adjustment.goodwill,
    adjustment.write_off, period.check, period.close, report.export, invoice.issue,
    shop.payment_terms, payment.record, payment.assign, payment.match, payment.unmatch,
    payment.reverse, receivable.write_off, statement.format, statement.upload, statement.match,
    statement.decide, alert.acknowledge.

    An act that takes two people is also there as it is proposed and decided, with propose, approve,
    reject, withdraw, stale or expire behind its name.
    """
    with unit_of_work(runtime_of(ctx).engine) as session:
        found = entries(session, after=after, limit=limit, latest=latest, **wanted)
        rows = [
            {
                "id": one.id,
                "at": one.at.isoformat(),
                "who": one.who,
                "action": one.action,
                "subject": one.subject,
                "reason": one.reason,
                "before": one.before,
                "after": one.after,
            }
            for one in found
        ]
    show_rows(rows, as_json=as_json, empty="nothing was done")


@commands.command("head")
@json_option
@click.pass_context
def head(ctx: click.Context, *, as_json: bool) -> None:
    """The end of the chain, signed. Keep `head` where no database is: `verify` compares with it."""
    runtime = runtime_of(ctx)
    with snapshot(runtime.engine) as session:
        found = head_of(session, runtime.settings.keys)
    if found is None:
        show({"place": 0, "hash": None, "head": None}, as_json=as_json)
        return
    shown = {"place": found.place, "hash": found.hash.hex(), "head": text_of(found)}
    show(shown, as_json=as_json)


@commands.command("verify")
@click.option("--head", "heads", multiple=True, help="An end of the chain, as `head` printed it.")
@json_option
@click.pass_context
def verify(ctx: click.Context, *, heads: tuple[str, ...], as_json: bool) -> None:
    """Make every hash of the chain anew. Exit 1 where an act was changed, taken out, put in or
    moved, or where the chain is not the one whose end was signed."""
    runtime = runtime_of(ctx)
    keys = runtime.settings.keys
    with snapshot(runtime.engine) as session:
        known = [*heads_kept(session), *map(head_from, heads)]
        walk = walk_from(session, 0, known)
        every = chain(forged(keys, known), breaks(session, walk))
        shown = [_told(one) for one in islice(every, _SHOWN)]
        count = len(shown) + sum(1 for _ in every)
    figures = {
        "checked": walk.checked,
        "heads": len(known),
        "heads_of_unknown_keys": unknown(keys, known),
        "breaks": count,
    }
    if as_json:
        show({**figures, "first": shown[0] if shown else None}, as_json=True)
    else:
        show(figures, as_json=False)
        show_rows(shown, as_json=False, empty="the chain holds")
    if count:
        ctx.exit(1)


_SHOWN = 20


def _told(one: Break) -> dict[str, Any]:
    return {"place": one.place, "entry": one.entry_id, "why": one.why}
