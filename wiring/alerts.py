"""The conditions that somebody should look at: each room measures its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import partners.receivables.funding
import partners.shops.names
import tracker.certificates.gauges
import tracker.forecast.queries
import tracker.notifications.queries
import tracker.periods.queries
import tracker.reconciliation.queries
import tracker.settlement.queries
import webhooks.inbox.queries
import webhooks.observations.queries
import webhooks.totals.queries
from tracker.alerts.rules import Condition, Measure, Reading, Severity, with_limits
from tracker.kit.settings import Settings
from wiring.proofs import PROOFS

_A_DAY = timedelta(days=1)
_FIVE_MINUTES = timedelta(minutes=5)
_OPERATIONS = "docs/operations.md"


def conditions_of(settings: Settings) -> Sequence[Condition]:
    """All conditions, with the limits that are set. Raises LimitsInvalid."""
    return with_limits((*_CONDITIONS, _lending(settings.funding_limit)), settings.alert_limits)


def _lending(house_limit: int) -> Condition:
    def measure(session: Session, _: datetime) -> Iterator[Reading]:
        for slug, funded, limit in partners.receivables.funding.above_limits(session, house_limit):
            yield Reading(f"shop:{slug}", funded, limit)

    return Condition(
        "funding_limit",
        "Members had more of a shop's cashback before it paid than we let it have",
        "kopecks",
        house_limit,
        measure,
        every=_FIVE_MINUTES,
        runbook="docs/finance/partners.md#what-we-lend-to-shops",
    )


def _figure(read: Callable[[Session], Mapping[str, float]], name: str) -> Measure:
    """One of a room's gauges, as a reading of all."""

    def measure(session: Session, _: datetime) -> Iterator[Reading]:
        yield Reading("", int(read(session)[name]))

    return measure


def _proof(session: Session, _: datetime) -> Iterator[Reading]:
    for room, prove in PROOFS.items():
        count, first = 0, ""
        try:
            with session.begin_nested():
                for one in prove(session):
                    count += 1
                    first = first or f"{one.what}: {one.expected} expected, {one.found} found"
        except SQLAlchemyError as error:
            # What cannot be proved does not add up; and the other rooms are still to be looked at.
            count, first = count + 1, first or f"not provable: {str(error).splitlines()[0]}"
        yield Reading(room, count, said=first)


def _findings(session: Session, _: datetime) -> Iterator[Reading]:
    for name, value in tracker.reconciliation.queries.gauges(session).items():
        if name.startswith("settlement_findings_"):
            yield Reading(name.removeprefix("settlement_findings_"), int(value))


def _signatures(session: Session, _: datetime) -> Iterator[Reading]:
    failing = webhooks.observations.queries.failing_now(session)
    names = partners.shops.names.slugs_of(session, failing)
    for shop in sorted(failing):
        yield Reading(f"shop:{names.get(shop, shop)}", 1)


def _unknown(session: Session, _: datetime) -> Iterator[Reading]:
    for period, seconds in tracker.settlement.queries.oldest_unknown(session).items():
        yield Reading(f"settlement:{period}", seconds)


def _unlike(session: Session, _: datetime) -> Iterator[Reading]:
    found = tracker.forecast.queries.unlike_now(session)
    names = partners.shops.names.slugs_of(session, found)
    for shop, rejected in sorted(found.items()):
        yield Reading(f"shop:{names.get(shop, shop)}", rejected)


_CONDITIONS: Sequence[Condition] = (
    Condition(
        "proof",
        "The books do not add up: differences that the ledger proof finds",
        "differences",
        0,
        _proof,
        Severity.PAGE,
        every=_A_DAY,
        runbook=f"{_OPERATIONS}#the-proof-is-off",
    ),
    Condition(
        "inbox_oldest",
        "Events of shops are accepted and not booked",
        "seconds",
        300,
        _figure(webhooks.inbox.queries.readiness, "inbox_oldest_seconds"),
        Severity.PAGE,
        runbook=f"{_OPERATIONS}#the-inbox-grows",
    ),
    Condition(
        "inbox_parked",
        "Events were set aside, and nobody has looked at them",
        "events",
        0,
        _figure(webhooks.inbox.queries.readiness, "inbox_parked"),
        runbook=f"{_OPERATIONS}#parked-events",
    ),
    Condition(
        "payouts_unknown",
        "The operator has not told for long what became of a payout",
        "seconds",
        3_600,
        _unknown,
        Severity.PAGE,
        runbook=f"{_OPERATIONS}#billing-is-down-or-does-not-say",
    ),
    Condition(
        "payouts_with_staff",
        "Payouts of which only staff can find out what became of them",
        "payouts",
        0,
        _figure(tracker.settlement.queries.gauges, "payouts_with_staff"),
        runbook=f"{_OPERATIONS}#billing-is-down-or-does-not-say",
    ),
    Condition(
        "settlement_findings",
        "The operator's books differ from ours, and nobody has explained it",
        "findings",
        0,
        _findings,
        Severity.PAGE,
        runbook="docs/reconciliation.md#findings",
    ),
    Condition(
        "signatures_failing",
        "A shop's signatures have started to fail",
        "shops",
        0,
        _signatures,
        runbook=f"{_OPERATIONS}#signatures-of-a-shop-fail",
    ),
    Condition(
        "shops_unlike_themselves",
        "A shop has begun to reject more of its purchases than it did",
        "purchases rejected in eight weeks",
        0,
        _unlike,
        every=_FIVE_MINUTES,
        runbook="docs/finance/forecast.md#a-shop-that-rejects-unlike-itself",
    ),
    Condition(
        "control_totals",
        "What shops say their days came to differs from our books",
        "days",
        0,
        _figure(webhooks.totals.queries.gauges, "control_totals_differing"),
        runbook=f"{_OPERATIONS}#control-totals-differ",
    ),
    Condition(
        "certificate_misses",
        "Salons tell wrong codes of certificates: people mistype, or somebody guesses",
        "codes within the hour that runs",
        20,
        _figure(tracker.certificates.gauges.gauges, "certificate_misses"),
        runbook="docs/salons.md#wrong-codes",
    ),
    Condition(
        "codes_waiting",
        "Codes and sign-in notices do not go out to members",
        "seconds",
        120,
        _figure(tracker.notifications.queries.gauges, "notifications_oldest_urgent_seconds"),
        Severity.PAGE,
        runbook=f"{_OPERATIONS}#codes-do-not-go-out",
    ),
    Condition(
        "period_documents",
        "Closed months whose documents no worker has sealed",
        "months",
        0,
        _figure(tracker.periods.queries.gauges, "periods_without_documents"),
        every=_FIVE_MINUTES,
        runbook="docs/finance/closing.md",
    ),
)
