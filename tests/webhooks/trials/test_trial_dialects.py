"""Trials in the dialects of networks, which go by keys or by signatures of ours."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from partners.dialects.service import speak
from tests.doors import both_doors
from tests.webhooks.letters import headers, send, stored
from tests.webhooks.trials.acting import Actor, Step, account_of
from tests.world import Shop, World
from tracker.kit.database import unit_of_work
from webhooks.trials.reports import Account, account_as_json, as_markdown

pytestmark = both_doors
NAMES = (
    "first",
    "duplicate",
    "out-of-order",
    "partial-return",
    "replay",
    "wrong-signature",
    "stale",
)
SECOND_STEP = "taken by the second secret; now one more with the first"


@pytest.fixture
def speaks(house: World, shop: Shop, request: pytest.FixtureRequest) -> Shop:
    """A shop of the dialect that a test names."""
    with unit_of_work(house.tools.engine) as session:
        speak(session, shop.id, request.param)
    return shop


def postback(actor: Actor, key: str | None = None, **fields: str) -> None:
    """A cart line by GET, as Admitad's own modules of shops send it."""
    given = {
        "campaign_code": "bf3e570a18",
        "postback": "1",
        "uid": "",
        "currency_code": "RUB",
        "price": "499.00",
        "quantity": "1",
        "postback_key": key or actor.secrets[-1].shown["url_key"],
        **fields,
    }
    client = actor.world.client()
    answer = client.get(f"/webhooks/{actor.shop.slug}?{urlencode(given)}")
    actor.answers.append(answer.status_code)


def revision(actor: Actor, order: str, status: str, amount: str = "") -> None:
    """The advertiser's verdict, by the key in the address."""
    form = {"campaign_code": "bf3e570a18", "order_id": order, "status": status, "amount": amount}
    key = actor.secrets[-1].shown["url_key"]
    answer = actor.world.client().post(
        f"/webhooks/{actor.shop.slug}?{urlencode({'postback_key': key})}",
        data=urlencode(form).encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    actor.answers.append(answer.status_code)


def late_order(actor: Actor) -> None:
    revision(actor, "A-2", "declined")
    postback(actor, order_id="A-2")


ADMITAD: Mapping[str, Step] = {
    "first": lambda actor: postback(actor, order_id="A-1"),
    "duplicate": lambda actor: postback(actor, order_id="A-1"),
    "out-of-order": late_order,
    "partial-return": lambda actor: revision(actor, "A-1", "approved", "300.00"),
    "wrong-signature": lambda actor: postback(actor, "whurl_wrong", order_id="A-3"),
    "rotated-key": lambda actor: postback(actor, order_id="A-4"),
    SECOND_STEP: lambda actor: postback(actor, actor.secrets[0].shown["url_key"], order_id="A-5"),
}


def results(account: Account) -> dict[str, str]:
    return {one.case.name: str(one.result) for one in account.cases}


@pytest.mark.parametrize("speaks", ["admitad"], indirect=True)
def test_a_shop_that_goes_by_a_key_in_the_address(house: World, speaks: Shop) -> None:
    account = account_of(actor := Actor(house, speaks, ADMITAD))
    skipped = dict.fromkeys(("replay", "stale"), "skipped")
    ticked = dict.fromkeys((*NAMES, "rotated-key"), "ticked")
    assert results(account) == ticked | skipped, actor.seen.getvalue()
    assert account.has_passed
    assert actor.answers == [202, 200, 202, 202, 202, 401, 202, 401]
    why = {one.case.name: one.why for one in account.cases if one.why}
    assert why["replay"].startswith("nothing is signed here")
    assert {one.trusted for one in account.record.accepted} == {False}
    assert stored(house, speaks) == []
    figures = account_as_json(account)
    for text in (json.dumps(figures), as_markdown(figures), actor.seen.getvalue()):
        for secret in actor.secrets:
            assert secret.shown["header_key"] not in text, "no scheme of the dialect goes by it"
    for text in (json.dumps(figures), as_markdown(figures)):
        assert not [form for one in actor.secrets for form in one.shown.values() if form in text]
    shown = (
        "SELECT count(*) FROM trial_events WHERE position('whurl_' IN encode(body, 'escape')) > 0"
    )
    assert house.query(shown)[0][0] == 0


def row(order: str, action: str, amount: str, **more: Any) -> dict[str, Any]:
    """A row of CJ's commission detail."""
    return {
        "commissionId": action,
        "originalActionId": action,
        "original": True,
        "orderId": order,
        "actionTrackerId": "1",
        "advertiserId": "2",
        "eventDate": "2010-12-01T08:26:00Z",
        "postingDate": "2010-12-01T09:00:00Z",
        "saleAmountPubCurrency": amount,
        "pubCurrency": "RUB",
        "actionStatus": "new",
        **more,
    }


def correction(order: str, action: str, amount: str) -> dict[str, Any]:
    known = {"original": False, "originalActionId": action, "actionStatus": "new"}
    return row(order, f"{action}-corrected", amount, **known)


def cj(actor: Actor, body: dict[str, Any], key: str | None = None) -> None:
    """A row in JSON, by the header's key."""
    raw = json.dumps(body).encode()
    given = {
        "content-type": "application/json",
        "x-api-key": key or actor.secrets[-1].shown["header_key"],
    }
    actor.answers.append(send(actor.world, actor.shop.slug, raw, given).status_code)


def early_correction(actor: Actor) -> None:
    cj(actor, correction("B-2", "22", "-10.00"))
    cj(actor, row("B-2", "22", "100.00"))


CJ: Mapping[str, Step] = {
    "first": lambda actor: cj(actor, row("B-1", "11", "100.00")),
    "duplicate": lambda actor: cj(actor, row("B-1", "11", "100.00")),
    "out-of-order": early_correction,
    "partial-return": lambda actor: cj(actor, correction("B-1", "11", "-40.00")),
    "wrong-signature": lambda actor: cj(actor, row("B-3", "33", "1.00"), "whkey_wrong"),
    "rotated-key": lambda actor: cj(actor, row("B-4", "44", "1.00")),
    SECOND_STEP: lambda actor: cj(
        actor, row("B-5", "55", "1.00"), actor.secrets[0].shown["header_key"]
    ),
}


@pytest.mark.parametrize("speaks", ["cj"], indirect=True)
def test_a_shop_that_goes_by_a_key_in_a_header(house: World, speaks: Shop) -> None:
    account = account_of(actor := Actor(house, speaks, CJ))
    assert account.has_passed, actor.seen.getvalue()
    assert {one.trusted for one in account.record.accepted} == {True}
    assert stored(house, speaks) == []


@pytest.mark.parametrize("speaks", ["cj"], indirect=True)
def test_a_network_that_signs_as_we_do_is_asked_for_all(house: World, speaks: Shop) -> None:
    """By Standard Webhooks it has ids and moments, and replays are worth a look."""

    def signed(webhook_id: str, later: int = 0) -> Step:
        return lambda actor: actor.tell(row("B-1", "11", "100.00"), webhook_id, later=later)

    steps: Mapping[str, Step] = {
        "first": signed("msg-1"),
        "duplicate": signed("msg-1", 1),
        "replay": lambda actor: actor.repeat(*actor.sent[0]),
        "stale": signed("msg-1", -400),
    }
    account = account_of(actor := Actor(house, speaks, steps), *steps)
    assert account.has_passed, actor.seen.getvalue()


@pytest.mark.parametrize("speaks", ["cj"], indirect=True)
def test_the_same_in_other_bytes_is_no_duplicate_where_bytes_are_the_id(
    house: World, speaks: Shop
) -> None:
    again = {**row("B-1", "11", "100.00"), "note": "again"}
    steps: Mapping[str, Step] = {**CJ, "duplicate": lambda actor: cj(actor, again)}
    account = account_of(actor := Actor(house, speaks, steps), "first", "duplicate", timeout=1)
    assert not account.has_passed
    assert "it says what #1 says in other bytes" in actor.seen.getvalue()


@pytest.mark.parametrize("speaks", ["admitad"], indirect=True)
def test_a_dialect_that_changes_meanwhile_leaves_what_came_as_it_was_read(
    house: World, speaks: Shop
) -> None:
    def other(actor: Actor) -> None:
        with unit_of_work(house.tools.engine) as session:
            speak(session, speaks.id, "native")
        raw = json.dumps(row("B-1", "11", "100.00")).encode()
        signed = headers(actor.secrets[-1].key, raw, webhook_id="msg-1")
        assert send(house, speaks.slug, raw, signed).status_code == 422

    steps: Mapping[str, Step] = {"first": ADMITAD["first"], "duplicate": other}
    account = account_of(Actor(house, speaks, steps), "first", "duplicate", timeout=1)
    assert [one.status for one in account.record.attempts] == [202, 422]
    assert [one.orders.keys() for one in account.record.accepted] == [{"A-1"}]
