"""The commands of all rooms, and what they are given of each other."""

import click

import partners.links.cli
import partners.offers.cli
import partners.receivables.cli
import partners.reconciliation.cli
import partners.shops.names
import partners.shops.service
import tracker.access.cli
import tracker.alerts.cli
import tracker.audit.cli
import tracker.certificates.cli
import tracker.claims.cli
import tracker.forecast.cli
import tracker.ledger.cli
import tracker.members.cli
import tracker.notifications.cli
import tracker.periods.cli
import tracker.privacy.cli
import tracker.privacy.people_cli
import tracker.proposals.cli
import tracker.purchases.cli
import tracker.purchases.reward_cli
import tracker.reconciliation.cli
import tracker.reports.cli
import tracker.settlement.cli
import tracker.team.cli
import webhooks.desk.cli
import webhooks.observations.cli
import webhooks.onboarding.cli
import webhooks.onboarding.secrets_cli
import webhooks.totals.cli
import webhooks.trials.cli
from tracker.purchases.settling import programme_of
from wiring.alerts import conditions_of
from wiring.forecast import house_of
from wiring.proofs import PROOFS
from wiring.proposals import ACTIONS
from wiring.reports import REPORTS, SHOPS
from wiring.tools import HASHED, SEALED
from wiring.work import watch_of


def _group(name: str, about: str, *commands: click.Command) -> click.Group:
    return click.Group(name, help=about, commands=list(commands))


for _command in tracker.reconciliation.cli.build(watch_of):
    tracker.settlement.cli.commands.add_command(_command)

_HOLDS, _PURCHASES = tracker.purchases.cli.build(programme_of, partners.shops.service.ids_by_slug)

COMMANDS: tuple[click.Command, ...] = (
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
    tracker.team.cli.commands,
    tracker.audit.cli.commands,
    tracker.proposals.cli.build(ACTIONS),
    tracker.alerts.cli.build(conditions_of),
    tracker.periods.cli.commands,
    partners.receivables.cli.invoices,
    partners.receivables.cli.shop_payments,
    partners.receivables.cli.show_funding,
    webhooks.desk.cli.commands,
    _HOLDS,
    _PURCHASES,
    tracker.settlement.cli.commands,
    tracker.claims.cli.commands,
    partners.reconciliation.cli.build(programme_of),
    tracker.certificates.cli.commands,
    tracker.notifications.cli.commands,
    tracker.ledger.cli.build(PROOFS),
    tracker.reports.cli.build(REPORTS, SHOPS),
    tracker.forecast.cli.build(
        house_of, partners.shops.names.slugs_of, partners.shops.service.ids_by_slug
    ),
    tracker.privacy.cli.build(SEALED, HASHED),
    tracker.privacy.people_cli.build(partners.shops.names.names_of),
)
"""All groups of commands but those of the processes themselves."""
