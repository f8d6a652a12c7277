"""What workers do, and what the scheduler asks after."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

import partners.receivables.jobs
import partners.receivables.rules
import partners.reconciliation.claims
import partners.reconciliation.rules
import partners.reconciliation.working
import partners.shops.names
import tracker.access.joining.jobs
import tracker.access.rules
import tracker.alerts.looking
import tracker.alerts.queries
import tracker.alerts.rules
import tracker.audit.heads
import tracker.audit.jobs
import tracker.certificates.jobs
import tracker.certificates.queries
import tracker.certificates.rules
import tracker.claims.jobs
import tracker.claims.queries
import tracker.forecast.looking
import tracker.forecast.queries
import tracker.forecast.rules
import tracker.ledger.jobs
import tracker.ledger.rollups
import tracker.notifications.jobs
import tracker.periods.jobs
import tracker.periods.queries
import tracker.periods.rules
import tracker.purchases.jobs
import tracker.purchases.queries
import tracker.reconciliation.jobs
import tracker.reconciliation.queries
import tracker.reconciliation.watching
import tracker.reports.jobs
import tracker.reports.queries
import tracker.reports.rules
import tracker.settlement.calendar
import tracker.settlement.jobs
import webhooks.inbox.partitions
import webhooks.inbox.work
from partners.receivables.terms import Terms
from tracker.gateways.smpp import SmppSms
from tracker.gateways.smtp import SmtpMail
from tracker.kit import tasks
from tracker.kit.processes import Due
from tracker.kit.runtime import Runtime
from tracker.kit.settings import Settings
from tracker.notifications.contracts import Channel
from tracker.notifications.service import TASKS
from tracker.purchases.settling import programme_of
from tracker.reports.exporting import Desk
from tracker.settlement.rules import DELIVERY, WATCH, Conduct
from tracker.settlement.self_approval import Limits
from webhooks.dispatch import Dispatcher
from wiring.alerts import conditions_of
from wiring.billing import billing_of
from wiring.closing import checks_of
from wiring.forecast import house_of
from wiring.reports import REPORTS, SHOPS


def tasks_of(tools: Runtime) -> Mapping[str, tasks.Task]:
    """What workers do, by the names that nudges use."""
    settings = tools.settings
    programme = programme_of(settings)
    watch = watch_of(tools)
    return {
        "inbox": Dispatcher(tools.engine, programme, settings.clock.at).handle_chunk,
        "inbox-partitions": lambda: bool(webhooks.inbox.partitions.make_partitions(tools.engine)),
        "holds": lambda: bool(
            tracker.purchases.jobs.end_due_holds(tools.engine, tools.clock.now(), programme)
        ),
        DELIVERY: lambda: (
            tracker.reconciliation.jobs.see_to_the_gate(watch)
            or tracker.settlement.jobs.deliver(
                tools.engine, settings.keys, watch.gateway, watch.conduct
            )
        ),
        WATCH: partial(tracker.reconciliation.jobs.keep_watch, watch),
        "settlement-prepare": lambda: tracker.settlement.calendar.prepare_due(
            tools.engine,
            tools.clock.now(),
            minimum=settings.payout_minimum,
            cap=settings.payout_cap,
            limits=Limits(settings.settlement_auto_total, settings.settlement_auto_change),
        ),
        "claims": lambda: tracker.claims.jobs.look_at_claims(
            tools.engine, settings.keys, programme, tools.clock.now()
        ),
        tracker.forecast.rules.TASK: lambda: tracker.forecast.looking.look_ahead(
            tools.engine, house_of(settings), tools.clock.now()
        ),
        tracker.certificates.rules.TASK: lambda: tracker.certificates.jobs.work(
            tools.engine, tools.clock.now(), settings.certificate_valid_days
        ),
        partners.receivables.rules.TASK: lambda: partners.receivables.jobs.work(
            tools.engine, tools.clock.now(), Terms(payment_days=settings.invoice_days)
        ),
        tracker.alerts.rules.TASK: lambda: tracker.alerts.looking.look_at_one(
            tools.engine, conditions_of(settings), tools.clock.now()
        ),
        tracker.periods.rules.TASK: partial(
            tracker.periods.jobs.work, tools.engine, checks_of(settings)
        ),
        tracker.ledger.jobs.TASK: partial(tracker.ledger.jobs.sum_up, tools.engine),
        tracker.reports.rules.TASK: partial(
            tracker.reports.jobs.work,
            Desk(tools.engine, REPORTS, SHOPS, timedelta(hours=settings.report_export_hours)),
        ),
        tracker.access.joining.jobs.TASK: lambda: tracker.access.joining.jobs.wipe_expired(
            tools.engine
        ),
        partners.reconciliation.rules.TASK: lambda: partners.reconciliation.working.work(
            tools.engine, settings.keys, programme
        ),
        tracker.audit.jobs.TASK: lambda: tracker.audit.jobs.export_head(
            tools.engine, settings.keys
        ),
        TASKS[Channel.SMS]: partial(
            tracker.notifications.jobs.deliver_sms,
            office_of(tools),
            SmppSms(settings.sms, settings.sms_timeout),
            timeout=settings.sms_timeout,
        ),
        TASKS[Channel.EMAIL]: partial(
            tracker.notifications.jobs.deliver_mail,
            office_of(tools),
            SmtpMail(settings.mail, settings.mail_timeout),
            timeout=settings.mail_timeout,
        ),
    }


def watch_of(tools: Runtime) -> tracker.reconciliation.watching.Watch:
    """From where this process watches the operator's books."""
    settings = tools.settings
    return tracker.reconciliation.watching.Watch(
        tools.engine, settings.keys, billing_of(settings), settings.clock, conduct_of(settings)
    )


def conduct_of(settings: Settings) -> Conduct:
    """How the operator is to be dealt with."""
    return Conduct(
        key_memory=settings.billing_key_memory,
        lag=settings.billing_lag,
        ask_after=settings.billing_ask_after,
        concurrency=settings.billing_concurrency,
        rate=settings.billing_rate,
    )


def office_of(tools: Runtime) -> tracker.notifications.jobs.Office:
    """What it takes to send messages to members."""
    trust = timedelta(days=tools.settings.number_trust_days)
    return tracker.notifications.jobs.Office(
        engine=tools.engine,
        keys=tools.settings.keys,
        clock=tools.clock,
        quiet=tools.settings.quiet_hours,
        trusted=partial(tracker.access.rules.is_trusted, trust=trust),
        shop_names=partners.shops.names.names_of,
    )


def due_work(settings: Settings) -> Mapping[str, Due]:
    """What the scheduler asks each time, by the task that it would nudge."""
    return {
        "inbox": lambda session, _: webhooks.inbox.work.is_waiting(session),
        "inbox-partitions": lambda session, _: webhooks.inbox.partitions.partition_is_due(session),
        "holds": tracker.purchases.queries.hold_is_over,
        DELIVERY: lambda session, _: tracker.settlement.calendar.delivery_is_due(session),
        "settlement-prepare": tracker.settlement.calendar.run_is_due,
        WATCH: partial(tracker.reconciliation.queries.watch_is_due, clock=settings.clock),
        tracker.access.joining.jobs.TASK: tracker.access.joining.jobs.wiping_is_due,
        tracker.audit.jobs.TASK: lambda session, _: tracker.audit.heads.head_is_due(session),
        "claims": tracker.claims.queries.look_is_due,
        tracker.forecast.rules.TASK: tracker.forecast.queries.forecast_is_due,
        tracker.certificates.rules.TASK: tracker.certificates.queries.work_is_due,
        partners.reconciliation.rules.TASK: partners.reconciliation.claims.is_waiting,
        tracker.alerts.rules.TASK: lambda session, _: tracker.alerts.queries.is_due(
            session, conditions_of(settings)
        ),
        partners.receivables.rules.TASK: partners.receivables.jobs.is_due,
        tracker.periods.rules.TASK: tracker.periods.queries.work_is_due,
        tracker.ledger.jobs.TASK: lambda session, _: tracker.ledger.rollups.rolling_is_due(session),
        tracker.reports.rules.TASK: lambda session, _: tracker.reports.queries.export_is_due(
            session
        ),
        **{
            task: partial(
                tracker.notifications.jobs.delivery_is_due,
                channel=channel,
                quiet=settings.quiet_hours,
            )
            for channel, task in TASKS.items()
        },
    }
