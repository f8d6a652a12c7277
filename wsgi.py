"""The composition root: settings → engine, Redis, gateways → Flask app, commands, workers.

Nobody imports this module; processes name it.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from functools import cache, partial
from importlib.metadata import entry_points
from pathlib import Path

import click
from flask import Flask

import migrations
import partners.catalogue.api
import partners.credentials.sealed
import partners.links.api
import partners.links.cli
import partners.offers.cli
import partners.shops.names
import partners.shops.service
import tracker.access.changes.api
import tracker.access.cli
import tracker.access.devices.api
import tracker.access.guard
import tracker.access.joining.api
import tracker.access.joining.jobs
import tracker.access.rules
import tracker.access.signin.api
import tracker.audit.cli
import tracker.audit.staff_api
import tracker.cabinet.api
import tracker.cabinet.staff_api
import tracker.claims.api
import tracker.claims.cli
import tracker.claims.jobs
import tracker.claims.queries
import tracker.claims.staff_api
import tracker.ledger.cli
import tracker.ledger.queries
import tracker.members.cli
import tracker.members.sealed
import tracker.notifications.cli
import tracker.notifications.jobs
import tracker.notifications.queries
import tracker.privacy.api
import tracker.privacy.cli
import tracker.privacy.people_cli
import tracker.purchases.cli
import tracker.purchases.flags_desk
import tracker.purchases.jobs
import tracker.purchases.proof
import tracker.purchases.queries
import tracker.purchases.reward_cli
import tracker.purchases.reward_queries
import tracker.purchases.settling
import tracker.purchases.staff_api
import tracker.referrals.api
import tracker.referrals.service
import tracker.relatives.api
import tracker.relatives.sealed
import tracker.settlement.calendar
import tracker.settlement.cli
import tracker.settlement.jobs
import tracker.settlement.proof
import tracker.settlement.queries
import tracker.settlement.staff_api
import tracker.staff.cli
import tracker.staff.guard
import webhooks.desk.cli
import webhooks.desk.staff_api
import webhooks.door.api
import webhooks.door.document
import webhooks.door.loop
import webhooks.inbox.partitions
import webhooks.inbox.queries
import webhooks.inbox.work
import webhooks.observations.cli
import webhooks.observations.queries
import webhooks.observations.staff_api
import webhooks.onboarding.cli
import webhooks.onboarding.secrets_cli
import webhooks.onboarding.staff_api
import webhooks.proof
import webhooks.totals.api
import webhooks.totals.cli
import webhooks.totals.document
import webhooks.totals.queries
import webhooks.totals.staff_api
import webhooks.trials.cli
from tracker.gateways.billing import HttpBilling
from tracker.gateways.smpp import SmppSms
from tracker.gateways.smtp import SmtpMail
from tracker.kit import health, processes, tasks
from tracker.kit.bodies import Application, Bodies
from tracker.kit.bridge import Bridge
from tracker.kit.cli import run
from tracker.kit.database import make_engine
from tracker.kit.http import Api, set_up_http
from tracker.kit.logs import set_up_logs
from tracker.kit.processes import Due
from tracker.kit.runtime import Runtime
from tracker.kit.settings import Settings, load_settings
from tracker.ledger.cli import Proof
from tracker.notifications.contracts import Channel
from tracker.notifications.service import TASKS
from tracker.purchases.service import Programme
from webhooks.dispatch import Dispatcher
from webhooks.door.reception import MAX_BODY

DATA = "TRACKER_DATA"
DEFAULT_DATA = ".tracker"
SWEEP_SECONDS = 1.0


def settings_of_process() -> Settings:
    """The settings that this process was started with."""
    return load_settings(os.environ, Path(os.environ.get(DATA, DEFAULT_DATA)))


def runtime_from(settings: Settings, *, connections: int, patience: int | None = None) -> Runtime:
    """The tools of a process; ``patience`` as for an engine."""
    set_up_logs(settings.log_level)
    engine = make_engine(settings.database_url, pool_size=connections, patience=patience)
    return Runtime(settings, engine, tasks.Nudger(tasks.connect_redis(settings.redis_url)))


def programme_of(settings: Settings) -> Programme:
    """The programme's figures."""
    return tracker.purchases.settling.programme_of(settings)


def application() -> Flask:
    """The web service in threads, as the WSGI server asks for it."""
    return build_app(runtime_of_web())


def on_the_loop() -> Application:
    """The web service on an event loop, as the ASGI server asks for it."""
    return build_loop(runtime_of_web())


def runtime_of_web() -> Runtime:
    """The tools of a web process."""
    return runtime_from(
        settings_of_process(), connections=processes.THREADS, patience=processes.PATIENCE
    )


def build_loop(tools: Runtime) -> Application:
    """The web service over given tools: the door on an event loop, all else in threads."""
    bodies = Bodies(seconds=processes.BODY_SECONDS, room=processes.BODIES_BYTES)
    rest = Bridge(
        build_app(tools),
        bodies,
        threads=processes.THREADS,
        waiting=processes.REQUESTS,
        limit=MAX_BODY,
    )
    return webhooks.door.loop.Loop(tools, bodies, elsewhere=rest)


def build_app(tools: Runtime) -> Flask:
    """The web service over given tools."""
    app = Flask("tracker", static_folder=None)
    app.config.update(
        API_TITLE="Partner-cashback tracker",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "components": {
                "securitySchemes": tracker.staff.guard.SECURITY
                | tracker.access.guard.SECURITY
                | webhooks.door.document.SECURITY,
                "schemas": webhooks.door.document.SCHEMAS | webhooks.totals.document.SCHEMAS,
            }
        },
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    set_up_http(app, tools)
    api = Api(app)
    set_up_http(app, tools)
    for blueprint in (
        webhooks.door.api.build(webhooks.door.api.Threads(tools)),
        webhooks.totals.api.build(tools),
        webhooks.totals.staff_api.blueprint,
        webhooks.desk.staff_api.blueprint,
        webhooks.observations.staff_api.blueprint,
        webhooks.onboarding.staff_api.blueprint,
        partners.links.api.blueprint,
        tracker.purchases.staff_api.blueprint,
        tracker.purchases.staff_api.referrals,
        tracker.referrals.api.build(tracker.purchases.reward_queries),
        tracker.settlement.staff_api.blueprint,
        tracker.audit.staff_api.blueprint,
        partners.catalogue.api.build(tools),
        tracker.cabinet.api.build(partners.shops.names.called),
        tracker.cabinet.staff_api.build(partners.shops.names.called),
        tracker.access.joining.api.build(tracker.referrals.service.referrer_of),
        tracker.access.signin.api.blueprint,
        tracker.access.devices.api.blueprint,
        tracker.access.changes.api.blueprint,
        tracker.relatives.api.blueprint,
        tracker.privacy.api.build(partners.shops.names.names_of),
        tracker.claims.api.build(partners.shops.service.ids_by_slug, partners.shops.names.slugs_of),
        tracker.claims.staff_api.blueprint,
    ):
        api.register_blueprint(blueprint)
    app.register_blueprint(
        health.build(
            tools,
            readiness=webhooks.inbox.queries.readiness,
            gauges=[
                webhooks.inbox.queries.gauges,
                webhooks.observations.queries.gauges,
                webhooks.totals.queries.gauges,
                tracker.purchases.queries.gauges,
                tracker.purchases.reward_queries.gauges,
                tracker.purchases.flags_desk.gauges,
                tracker.ledger.queries.gauges,
                tracker.settlement.queries.gauges,
                tracker.claims.queries.gauges,
                tracker.notifications.queries.gauges,
            ],
        )
    )
    return app


def tasks_of(tools: Runtime) -> Mapping[str, tasks.Task]:
    """What workers do, by the names that nudges use."""
    settings = tools.settings
    programme = programme_of(settings)
    gateway = HttpBilling(settings.billing_url, settings.billing_token, settings.billing_timeout)
    return {
        "inbox": Dispatcher(tools.engine, programme, settings.clock.at).handle_chunk,
        "inbox-partitions": lambda: bool(webhooks.inbox.partitions.make_partitions(tools.engine)),
        "holds": lambda: bool(
            tracker.purchases.jobs.end_due_holds(tools.engine, tools.clock.now(), programme)
        ),
        "settlement": partial(
            tracker.settlement.jobs.deliver,
            tools.engine,
            settings.keys,
            gateway,
            key_memory=settings.billing_key_memory,
        ),
        "settlement-prepare": lambda: tracker.settlement.calendar.prepare_due(
            tools.engine,
            tools.clock.now(),
            minimum=settings.payout_minimum,
            cap=settings.payout_cap,
        ),
        "claims": lambda: tracker.claims.jobs.look_at_claims(
            tools.engine, settings.keys, programme, tools.clock.now()
        ),
        tracker.access.joining.jobs.TASK: lambda: tracker.access.joining.jobs.wipe_expired(
            tools.engine
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
        "settlement": lambda session, _: tracker.settlement.calendar.delivery_is_due(session),
        "settlement-prepare": tracker.settlement.calendar.run_is_due,
        tracker.access.joining.jobs.TASK: tracker.access.joining.jobs.wiping_is_due,
        "claims": tracker.claims.queries.look_is_due,
        **{
            task: partial(
                tracker.notifications.jobs.delivery_is_due,
                channel=channel,
                quiet=settings.quiet_hours,
            )
            for channel, task in TASKS.items()
        },
    }


@cache
def _tools_of_command() -> Runtime:
    return runtime_from(settings_of_process(), connections=2)


PROOFS: Mapping[str, Proof] = {
    "ledger": tracker.ledger.queries.prove,
    "purchases": tracker.purchases.proof.prove,
    "settlement": tracker.settlement.proof.prove,
    "inbox": webhooks.proof.prove,
}
"""Every room's part of the ledger proof."""


SEALED = (
    *tracker.members.sealed.COLUMNS,
    *tracker.relatives.sealed.COLUMNS,
    *partners.credentials.sealed.COLUMNS,
)
"""Every column that the key seals for longer than a moment."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar=DATA,
    default=DEFAULT_DATA,
    show_default=True,
    help="The folder of a running stack; DATABASE_URL and REDIS_URL go first.",
)
@click.version_option(package_name="partner-cashback-tracker")
@click.pass_context
def cli(ctx: click.Context, data: Path) -> None:
    """Partner-cashback tracker: from a shop's webhook to a paid phone balance."""
    os.environ[DATA] = str(data)
    ctx.obj = _tools_of_command


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--processes", "count", default=2, show_default=True, help="About one for each core.")
def serve(host: str, port: int, count: int) -> None:
    """The web service."""
    if settings_of_process().door == "loop":
        processes.serve_on_loop("wsgi:on_the_loop", address=host, port=port, processes=count)
    else:
        processes.serve("wsgi:application", address=host, port=port, processes=count)


@cli.command()
@click.option("--burst", is_flag=True, help="Stop when the queue is empty.")
def worker(burst: bool) -> None:
    """A worker: books events, ends holds, pays, sends messages. Start as many as are needed."""
    tools = runtime_from(settings_of_process(), connections=2)
    redis = tasks.connect_redis(tools.settings.redis_url)
    tasks.install(redis, tasks_of(tools))
    tasks.work(redis, burst=burst)


@cli.command()
def scheduler() -> None:
    """The sweeper and the calendar: nudges the workers for whatever waits or has come due."""
    tools = runtime_from(settings_of_process(), connections=1)
    processes.keep_nudging(tools, due_work(tools.settings), every=SWEEP_SECONDS)


@cli.group()
def db() -> None:
    """The database's schema."""


@db.command()
def upgrade() -> None:
    """Bring the schema up to date, as its owner. Safe to run twice and at the same time."""
    migrations.upgrade(settings_of_process().database_owner_url)


def _group(name: str, about: str, *commands: click.Command) -> click.Group:
    return click.Group(name, help=about, commands=list(commands))


_HOLDS, _PURCHASES = tracker.purchases.cli.build(programme_of, partners.shops.service.ids_by_slug)

for _command in (
    _group(
        "shops",
        "Partner shops.",
        partners.offers.cli.import_shops,
        partners.offers.cli.list_shops,
        webhooks.onboarding.secrets_cli.secret,
        webhooks.onboarding.secrets_cli.secrets,
        webhooks.observations.cli.health,
        webhooks.totals.cli.totals,
        webhooks.onboarding.cli.dialect_of,
        webhooks.onboarding.cli.try_dialect,
        webhooks.trials.cli.conformance,
    ),
    _group("clicks", "Who was promised which terms.", partners.links.cli.import_clicks),
    tracker.members.cli.commands,
    tracker.access.cli.commands,
    tracker.purchases.reward_cli.commands,
    tracker.staff.cli.commands,
    tracker.audit.cli.commands,
    webhooks.desk.cli.commands,
    _HOLDS,
    _PURCHASES,
    tracker.settlement.cli.commands,
    tracker.claims.cli.commands,
    tracker.notifications.cli.commands,
    tracker.ledger.cli.build(PROOFS),
    tracker.privacy.cli.build(SEALED),
    tracker.privacy.people_cli.build(partners.shops.names.names_of),
):
    cli.add_command(_command)


def _accept_data_everywhere(command: click.Command) -> None:
    """Let `--data` stand behind the command as well, where people write it."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _accept_data_everywhere(inner)
    elif all(option.name != "data" for option in command.params):
        command.params.append(
            click.Option(
                ["--data"],
                type=click.Path(file_okay=False),
                expose_value=False,
                is_eager=True,
                callback=_note_data,
                help="The folder of a running stack.",
            )
        )


def _note_data(_: click.Context, __: click.Parameter, value: str | None) -> None:
    if value is not None:
        os.environ[DATA] = value


def main() -> None:
    """The console script; packages may add commands by the entry point `tracker.commands`."""
    for point in entry_points(group="tracker.commands"):
        for command in point.load():
            cli.add_command(command)
    _accept_data_everywhere(cli)
    run(cli)
