"""What came in trials goes with the months of the inbox; the application itself deletes nothing."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import ProgrammingError

from tests.webhooks.letters import body, headers, send
from tests.world import World
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from webhooks.inbox.retention import prune
from webhooks.trials.service import close_trial, open_trial

COUNT = "SELECT count(*) FROM trial_events"


def test_old_test_traffic_is_pruned_and_a_dry_run_leaves_it(world: World) -> None:
    shop, now = world.shop(), SystemClock().now()
    with unit_of_work(world.tools.engine) as session:
        trial = open_trial(
            session,
            world.tools.settings.keys,
            shop.slug,
            who="anna",
            now=now,
            lasting=timedelta(hours=1),
        )
    for raw in (body(), body()):
        signed = headers(trial.secret.key, raw)
        assert send(world, shop.slug, raw, signed).status_code == 202
    with unit_of_work(world.tools.engine) as session:
        close_trial(session, trial, now)
    url = world.tools.settings.database_owner_url
    prune(url, 1, now)
    assert world.query(COUNT)[0][0] == 2
    old = "UPDATE trial_events SET received_at = received_at - interval '3 months' WHERE id = 1"
    world.change_as_owner(old)
    prune(url, 1, now, dry_run=True)
    assert world.query(COUNT)[0][0] == 2
    prune(url, 1, now)
    assert world.query(COUNT)[0][0] == 1


@pytest.mark.parametrize("table", ["trial_events", "trials"])
def test_the_application_deletes_nothing_of_a_trial(world: World, table: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        world.change(f"DELETE FROM {table}")
