"""`tracker shops secret` and `secrets`, as tests run them."""

import json
from typing import Any

from click.testing import CliRunner, Result

from partners.credentials.rules import Secret
from partners.credentials.service import secrets_of
from tests.world import Shop, World
from tracker.kit.database import unit_of_work
from webhooks.onboarding.secrets_cli import secret, secrets

OWN = "a-key-of-the-shops-own"
"""What a shop brings along."""


def run(world: World, *arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(secret, arguments, obj=lambda: world.tools, input=typed)


def printed(world: World, *arguments: str, typed: str | None = None) -> Any:
    result = run(world, *arguments, "--json", typed=typed)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def listed(world: World, slug: str) -> list[dict[str, Any]]:
    """What `tracker shops secrets` says."""
    result = CliRunner().invoke(secrets, [slug, "--json"], obj=lambda: world.tools)
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.output)
    return found


def holding(world: World, slug: str) -> list[int]:
    return [one["id"] for one in listed(world, slug) if one["holds"]]


def secrets_of_shop(world: World, shop: Shop) -> tuple[Secret, ...]:
    with unit_of_work(world.tools.engine) as session:
        return secrets_of(session, world.tools.settings.keys, shop.id)
