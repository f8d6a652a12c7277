"""The door while a shop has a trial: answers as ever, and what comes is kept apart."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from partners.shops.rules import ShopStatus
from tests.doors import both_doors, receiver
from tests.races.held import wait_until
from tests.webhooks.letters import body, event, faults, headers, now, problem, send, stored
from tests.world import Shop, World
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from webhooks.errors import SignatureNotAccepted
from webhooks.inbox.store import Stored
from webhooks.trials import service
from webhooks.trials.queries import attempts
from webhooks.trials.rules import Attempt, Outcome, ShopTakesNoPart, TrialOpen
from webhooks.trials.service import Opened, close_trial, end_secret, give_secret, open_trial
from webhooks.wire.dialect import MAX_BODY
from webhooks.wire.letters import Letter

pytestmark = both_doors
LASTING = timedelta(hours=2)
NOW = timedelta(0)


def opened(house: World, shop: Shop, *, anew: bool = False, ago: timedelta = NOW) -> Opened:
    """A trial of the shop; as if it had been opened so long ago."""
    with unit_of_work(house.tools.engine) as session:
        return open_trial(
            session,
            house.tools.settings.keys,
            shop.slug,
            who="anna",
            now=SystemClock().now() - ago,
            lasting=LASTING,
            anew=anew,
        )


def closed(house: World, trial: Opened) -> None:
    with unit_of_work(house.tools.engine) as session:
        close_trial(session, trial, SystemClock().now())


@pytest.fixture
def trial(house: World, shop: Shop) -> Iterator[Opened]:
    """An open trial."""
    made = opened(house, shop)
    yield made
    closed(house, made)


def post(house: World, trial: Opened, raw: bytes, **signed: Any) -> TestResponse:
    """Send bytes, signed with the trial's secret."""
    return send(house, trial.slug, raw, headers(trial.secret.key, raw, **signed))


def seen(house: World, trial: Opened, count: int) -> tuple[Attempt, ...]:
    """What is written down of a trial, once it is so much."""

    def found() -> tuple[Attempt, ...]:
        with unit_of_work(house.tools.engine) as session:
            return attempts(session, trial.id, ())

    wait_until(lambda: len(found()) >= count)
    assert len(found()) == count
    return found()


def test_the_answers_are_those_of_live_traffic(house: World, shop: Shop, trial: Opened) -> None:
    raw = body()
    first = post(house, trial, raw, webhook_id="msg")
    assert (first.status_code, first.get_json()) == (202, {"id": "msg", "status": "accepted"})
    again = post(house, trial, raw, webhook_id="msg")
    assert (again.status_code, again.get_json()) == (200, {"id": "msg", "status": "duplicate"})
    problem(post(house, trial, raw + b" ", webhook_id="msg"), 409, "webhook_id_reused")
    assert faults(post(house, trial, body(order_id=7))) == {"data.order_id"}
    problem(post(house, trial, b"{"), 400, "unreadable")
    found = seen(house, trial, 5)
    assert [(one.status, one.outcome) for one in found] == [
        (202, Outcome.ACCEPTED),
        (200, Outcome.DUPLICATE),
        (409, Outcome.CONFLICT),
        (422, Outcome.REFUSED),
        (400, Outcome.REFUSED),
    ]
    assert all(one.secret_id == trial.secret.id for one in found)
    assert stored(house, shop) == []


def test_the_same_as_live_answers_byte_by_byte(house: World, shop: Shop, trial: Opened) -> None:
    """Whoever is let in cannot tell by the answers that it is a trial."""
    raw = json.dumps(event()).encode()
    for sent, webhook_id in (
        (raw, "same"),
        (raw, "same"),
        (raw + b" ", "same"),
        (b"{", "broken"),
        (body(lines=[]), "wrong"),
        (b" " * (MAX_BODY + 1), "large"),
    ):
        answers = [
            send(house, shop.slug, sent, headers(key, sent, webhook_id=webhook_id))
            for key in (shop.secret, trial.secret.key)
        ]
        live, tried = ((one.status_code, one.data, one.content_type) for one in answers)
        assert live == tried
    assert stored(house, shop) == ["same"]


def test_a_trial_and_live_traffic_do_not_share_their_ids(
    house: World, shop: Shop, trial: Opened
) -> None:
    live, tried = body(), body()
    for key, raw in ((shop.secret, live), (trial.secret.key, tried)) * 2:
        send(house, shop.slug, raw, headers(key, raw, webhook_id="order-1"))
    assert [one.outcome for one in seen(house, trial, 2)] == ["accepted", "duplicate"]
    sql = "SELECT count(*) FROM inbox_conflicts JOIN inbox_events ON id = event_id"
    assert house.query(f"{sql} WHERE shop_id = :shop", shop=shop.id)[0][0] == 0
    assert stored(house, shop) == ["order-1"]


def test_a_trial_knows_nothing_of_the_one_before(house: World, shop: Shop) -> None:
    raw = body()
    for _ in range(2):
        trial = opened(house, shop)
        assert post(house, trial, raw, webhook_id="msg").status_code == 202
        closed(house, trial)
        closed(house, trial)
        problem(post(house, trial, raw, webhook_id="msg"), 401, "not_let_in")


def test_whoever_is_refused_is_seen_with_the_reason(
    house: World, shop: Shop, trial: Opened
) -> None:
    """Inside; outside there is one bare 401 for all of them."""
    raw = body()
    good = headers(trial.secret.key, raw, webhook_id="msg")
    with unit_of_work(house.tools.engine) as session:
        second = give_secret(session, house.tools.settings.keys, shop.id, trial.ends_at)
        end_secret(session, shop.id, second.id, SystemClock().now())
    attempts_made = {
        Outcome.SIGNATURE: {**good, "webhook-signature": "v1,AAAA"},
        Outcome.TIMESTAMP: headers(trial.secret.key, raw, webhook_id="msg", at=now() - 400),
        Outcome.HEADERS: {"content-type": "application/json"},
        Outcome.ENDED: headers(second.key, raw, webhook_id="msg"),
    }
    answers = [send(house, shop.slug, raw, given) for given in attempts_made.values()]
    assert len({(one.status_code, one.data) for one in answers}) == 1
    problem(answers[0], 401, "not_let_in")
    found = seen(house, trial, 4)
    assert [one.outcome for one in found] == list(attempts_made)
    assert {one.secret_id for one in found} == {None}
    assert [one.webhook_id for one in found] == ["msg", "msg", None, "msg"]
    sql = "SELECT count(*) FROM trial_events WHERE trial_id = :trial AND body IS NOT NULL"
    assert house.query(sql, trial=trial.id)[0][0] == 0


def test_what_only_live_secrets_open_is_no_business_of_a_trial(
    house: World, shop: Shop, trial: Opened
) -> None:
    raw = body(order_id="")
    problem(send(house, shop.slug, raw, headers(shop.secret, raw)), 422, "event_invalid")
    assert post(house, trial, body()).status_code == 202
    assert [one.number for one in seen(house, trial, 1)] == [1]


def test_without_a_trial_nobody_is_written_down(house: World, shop: Shop) -> None:
    trial = opened(house, shop)
    closed(house, trial)
    for _ in range(2):
        problem(post(house, trial, body()), 401, "not_let_in")
    again = opened(house, shop)
    problem(post(house, trial, body()), 401, "not_let_in")
    seen(house, again, 1)
    seen(house, trial, 0)
    closed(house, again)


def test_the_secret_ends_by_itself_whatever_became_of_the_command(
    house: World, shop: Shop, door: str, trial: Opened
) -> None:
    receive = receiver(house.tools, door)
    raw = body()

    def at(moment: Any) -> Stored:
        signed = headers(trial.secret.key, raw, webhook_id="msg", at=int(moment.timestamp()))
        return receive(shop.slug, Letter("POST", signed, body=raw), moment).stored

    assert at(trial.ends_at - timedelta(seconds=1)) is Stored.ACCEPTED
    with pytest.raises(SignatureNotAccepted):
        at(trial.ends_at)


def test_a_trial_that_is_over_takes_nothing_though_a_clock_is_late(
    house: World, shop: Shop, door: str
) -> None:
    """The database's clock decides, were a web process's an hour behind."""
    late = opened(house, shop, ago=LASTING + timedelta(minutes=30))
    raw, moment = body(), late.ends_at - timedelta(minutes=30)
    signed = headers(late.secret.key, raw, at=int(moment.timestamp()))
    with pytest.raises(SignatureNotAccepted):
        receiver(house.tools, door)(shop.slug, Letter("POST", signed, body=raw), moment)
    seen(house, late, 0)


def test_health_counts_know_nothing_of_test_traffic(world: World) -> None:
    shop = world.shop()
    trial = opened(world, shop)
    raw = body()
    for webhook_id in ("a", "a", "b"):
        assert post(world, trial, raw, webhook_id=webhook_id).status_code in (200, 202)
    problem(post(world, trial, b"{"), 400, "unreadable")
    assert send(world, shop.slug, raw, headers(shop.secret, raw)).status_code == 202
    sql = "SELECT outcome, count FROM door_counts WHERE shop_id = :shop"
    wait_until(lambda: bool(world.query(sql, shop=shop.id)))
    seen(world, trial, 4)
    assert [tuple(row) for row in world.query(sql, shop=shop.id)] == [("accepted", 1)]


def test_test_traffic_takes_nothing_of_the_live_share(
    house: World, shop: Shop, door: str, trial: Opened
) -> None:
    slow = replace(house.tools, settings=replace(house.tools.settings, webhook_rate=2))
    with _world(slow, door) as few:
        statuses = [post(few, trial, body()).status_code for _ in range(4)]
        assert statuses[:2] == [202, 202]
        assert 429 in statuses
        raw = body()
        assert send(few, shop.slug, raw, headers(shop.secret, raw)).status_code == 202
        refused = [one for one in seen(few, trial, 4) if one.status == 429]
        assert {one.code for one in refused} == {"rate_exceeded"}


@contextmanager
def _world(tools: Any, door: str) -> Iterator[World]:
    yield World(tools, door)


def test_a_trial_takes_no_more_than_it_can_hold(
    house: World, shop: Shop, trial: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what is let in and of what is not, each by itself: strangers cannot fill it."""
    monkeypatch.setattr(service, "MAX_ATTEMPTS", 3)
    raw = body()
    for _ in range(5):
        forged = {**headers(trial.secret.key, raw), "webhook-signature": "v1,AAAA"}
        problem(send(house, shop.slug, raw, forged), 401, "not_let_in")
    seen(house, trial, 3)
    statuses = [post(house, trial, body()).status_code for _ in range(5)]
    assert statuses == [202, 202, 202, 429, 429]
    seen(house, trial, 6)
    monkeypatch.setattr(service, "MAX_ATTEMPTS", 100)
    monkeypatch.setattr(service, "MAX_BYTES", 1)
    assert post(house, trial, body()).status_code == 429


def test_one_trial_of_a_shop_at_a_time(house: World, shop: Shop) -> None:
    first = opened(house, shop)
    with pytest.raises(TrialOpen, match="anna has opened a trial"):
        opened(house, shop)
    second = opened(house, shop, anew=True)
    problem(post(house, first, body()), 401, "not_let_in")
    assert post(house, second, body()).status_code == 202
    closed(house, second)


def test_a_trial_that_was_left_open_makes_room_once_it_is_over(house: World, shop: Shop) -> None:
    opened(house, shop, ago=LASTING)
    closed(house, opened(house, shop))


def test_a_shop_that_has_left_has_no_trial(house: World) -> None:
    gone = house.shop("gone-for-good", status=ShopStatus.LEFT)
    with pytest.raises(ShopTakesNoPart):
        opened(house, gone)


def test_a_shop_that_leaves_meanwhile_hears_so(house: World, shop: Shop, trial: Opened) -> None:
    house.change(
        "UPDATE shops SET status = 'left', door_version = door_version + 1 WHERE id = :id",
        id=shop.id,
    )
    problem(post(house, trial, body()), 410, "shop_has_left")
    assert [one.code for one in seen(house, trial, 1)] == ["shop_has_left"]
