"""The web service: every room's routes, and what is told of its health."""

from functools import partial

from flask import Flask

import partners.catalogue.api
import partners.links.api
import partners.offers.staff_api
import partners.receivables.gauges
import partners.receivables.payments_staff_api
import partners.receivables.staff_api
import partners.reconciliation.queries
import partners.reconciliation.staff_api
import partners.shops.names
import partners.shops.service
import tracker.access.changes.api
import tracker.access.devices.api
import tracker.access.guard
import tracker.access.joining.api
import tracker.access.signin.api
import tracker.adjustments.staff_api
import tracker.alerts.queries
import tracker.alerts.staff_api
import tracker.audit.staff_api
import tracker.cabinet.api
import tracker.cabinet.staff_api
import tracker.certificates.api
import tracker.certificates.gauges
import tracker.certificates.salon_api
import tracker.certificates.staff_api
import tracker.claims.api
import tracker.claims.queries
import tracker.claims.staff_api
import tracker.forecast.queries
import tracker.forecast.staff_api
import tracker.goals.api
import tracker.ledger.queries
import tracker.notifications.queries
import tracker.periods.queries
import tracker.periods.staff_api
import tracker.privacy.api
import tracker.proposals.queries
import tracker.proposals.staff_api
import tracker.purchases.flags_desk
import tracker.purchases.queries
import tracker.purchases.reward_queries
import tracker.purchases.staff_api
import tracker.reconciliation.api
import tracker.reconciliation.queries
import tracker.reconciliation.staff_api
import tracker.referrals.api
import tracker.referrals.service
import tracker.relatives.api
import tracker.reports.staff_api
import tracker.settlement.queries
import tracker.settlement.staff_api
import tracker.staff.guard
import tracker.team.api
import tracker.team.staff_api
import webhooks.desk.staff_api
import webhooks.door.api
import webhooks.door.document
import webhooks.door.loop
import webhooks.inbox.queries
import webhooks.observations.queries
import webhooks.observations.staff_api
import webhooks.onboarding.staff_api
import webhooks.totals.api
import webhooks.totals.document
import webhooks.totals.queries
import webhooks.totals.staff_api
from tracker.kit import health, processes
from tracker.kit.bodies import Application, Bodies
from tracker.kit.bridge import Bridge
from tracker.kit.http import Api, set_up_http
from tracker.kit.runtime import Runtime
from webhooks.door.reception import MAX_BODY
from wiring.alerts import conditions_of
from wiring.proposals import ACTIONS
from wiring.reports import REPORTS, SHOPS

_ROOMS = (
    webhooks.totals.staff_api.blueprint,
    webhooks.desk.staff_api.blueprint,
    webhooks.observations.staff_api.blueprint,
    webhooks.onboarding.staff_api.blueprint,
    partners.links.api.blueprint,
    partners.reconciliation.staff_api.blueprint,
    partners.offers.staff_api.blueprint,
    tracker.purchases.staff_api.blueprint,
    tracker.purchases.staff_api.referrals,
    tracker.referrals.api.build(tracker.purchases.reward_queries),
    tracker.settlement.staff_api.blueprint,
    tracker.reports.staff_api.build(REPORTS, SHOPS),
    tracker.forecast.staff_api.build(
        partners.shops.names.slugs_of, partners.shops.service.ids_by_slug
    ),
    tracker.reconciliation.api.blueprint,
    tracker.reconciliation.staff_api.blueprint,
    tracker.adjustments.staff_api.blueprint,
    tracker.audit.staff_api.blueprint,
    tracker.team.staff_api.people,
    tracker.team.staff_api.token_routes,
    tracker.team.api.sessions,
    tracker.team.api.enrolments,
    tracker.proposals.staff_api.build(ACTIONS),
    tracker.alerts.staff_api.build(conditions_of),
    tracker.periods.staff_api.blueprint,
    partners.receivables.staff_api.blueprint,
    partners.receivables.payments_staff_api.blueprint,
    tracker.cabinet.api.build(partners.shops.names.called),
    tracker.cabinet.staff_api.build(partners.shops.names.called),
    tracker.access.joining.api.build(tracker.referrals.service.referrer_of),
    tracker.access.signin.api.blueprint,
    tracker.access.devices.api.blueprint,
    tracker.access.changes.api.blueprint,
    tracker.relatives.api.blueprint,
    tracker.goals.api.blueprint,
    tracker.certificates.api.blueprint,
    tracker.certificates.salon_api.blueprint,
    tracker.certificates.staff_api.blueprint,
    tracker.privacy.api.build(partners.shops.names.names_of),
    tracker.claims.api.build(partners.shops.service.ids_by_slug, partners.shops.names.slugs_of),
    tracker.claims.staff_api.blueprint,
)
"""The routes that need no tools but those of the request: made once in a process."""


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
                | tracker.reconciliation.api.SECURITY
                | tracker.certificates.salon_api.SECURITY
                | webhooks.door.document.SECURITY,
                "schemas": webhooks.door.document.SCHEMAS | webhooks.totals.document.SCHEMAS,
            }
        },
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    api = Api(app)
    set_up_http(app, tools)
    for blueprint in (
        webhooks.door.api.build(webhooks.door.api.Threads(tools)),
        webhooks.totals.api.build(tools),
        partners.catalogue.api.build(tools),
        *_ROOMS,
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
                tracker.reconciliation.queries.gauges,
                tracker.claims.queries.gauges,
                partners.reconciliation.queries.gauges,
                partners.receivables.gauges.gauges,
                tracker.certificates.gauges.gauges,
                tracker.forecast.queries.gauges,
                tracker.periods.queries.gauges,
                partial(tracker.alerts.queries.gauges, conditions=conditions_of(tools.settings)),
                tracker.notifications.queries.gauges,
                tracker.proposals.queries.gauges,
            ],
        )
    )
    return app
