"""`tracker audit …`"""

from typing import Any

import click

from tracker.audit.queries import entries
from tracker.kit.cli import json_option, runtime_of, show_rows
from tracker.kit.database import unit_of_work


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
    shop.trial, claim.decide, claim.read, claim.read_file, member.search, member.export,
    member.erase, settlement.prepare, settlement.approve, settlement.start, settlement.pause,
    settlement.resume, settlement.close, settlement.guard, settlement.open_gate, finding.take,
    finding.explain, payout.resolve, certificate.void, certificate.void.propose,
    certificate.void.approve, certificate.void.reject, certificate.release, certificate.export,
    salon.add, salon.key, salon.close,
    period.check, period.close,
    alert.acknowledge. An act that takes two people is also there as it is proposed and decided,
    with propose, approve, reject, withdraw, stale or expire behind its name.
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
