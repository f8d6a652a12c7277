"""A shop goes through a trial at the real door, while its live traffic goes on."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.doors import both_doors
from tests.webhooks.letters import body, headers, problem, send, stored
from tests.webhooks.trials.acting import CAREFUL, Actor, Step, account_of, back, purchase
from tests.world import Shop, World, created, day
from webhooks.trials.cases import CASES
from webhooks.trials.reports import Account, Result

pytestmark = both_doors

BOOKED = ("inbox_events", "purchases", "ledger_entries", "control_totals")


def results(account: Account) -> dict[str, str]:
    return {one.case.name: str(one.result) for one in account.cases}


def failed(account: Account) -> set[str]:
    return {one.case.name for one in account.cases if one.result is Result.FAILED}


def why(account: Account, case: str) -> str:
    """All that was found wrong while a case was waited for."""
    (report,) = [one for one in account.cases if one.case.name == case]
    return "\n".join([report.why, *(said for _, said in report.wrong)])


def counts(world: World) -> dict[str, int]:
    """How many rows there are wherever something could be booked."""
    return {table: world.query(f"SELECT count(*) FROM {table}")[0][0] for table in BOOKED}


def test_a_careful_shop_passes_and_nothing_is_booked(world: World) -> None:
    shop = world.shop()
    before = counts(world)
    account = account_of(actor := Actor(world, shop, CAREFUL))
    assert results(account) == {one.name: "ticked" for one in CASES}, actor.seen.getvalue()
    assert account.has_passed
    assert actor.answers == [202, 200, 202, 202, 202, 200, 401, 202, 401, 202, 401]
    evidence = {one.case.name: [at.number for at in one.evidence] for one in account.cases}
    assert evidence == {
        "first": [1],
        "duplicate": [1, 2],
        "out-of-order": [3, 4],
        "partial-return": [1, 5],
        "replay": [1, 6],
        "wrong-signature": [7, 8],
        "stale": [1, 9],
        "rotated-key": [10, 11],
    }
    assert [one.wrong for one in account.cases] == [[]] * len(CASES)
    world.work()
    assert counts(world) == before
    assert world.differences() == []


def test_live_traffic_at_the_same_time_is_booked_and_only_that(world: World) -> None:
    """Also where a live event and one of the trial have the same id and tell of the same order."""
    shop, member = world.shop(), world.member()
    click = world.click(member, shop)
    live = created("T-1", click, 30, at=day(1))

    def with_live(step: Step, number: int) -> Step:
        def act(actor: Actor) -> None:
            step(actor)
            event = live if number == 0 else created(f"L-{number}", click, 10, at=day(1))
            webhook_id = "order-1" if number == 0 else f"live-{number}"
            assert world.post(shop, event, webhook_id=webhook_id).status_code == 202
            assert world.post(shop, event, webhook_id=webhook_id).status_code == 200

        return act

    names = [one.name for one in CASES]
    steps = {name: with_live(CAREFUL[name], number) for number, name in enumerate(names)}
    account = account_of(Actor(world, shop, {**CAREFUL, **steps}))
    assert account.has_passed
    world.work()
    rows = world.query("SELECT order_id, status FROM purchases ORDER BY order_id")
    assert [tuple(row) for row in rows] == [
        *((f"L-{number}", "pending") for number in range(1, len(names))),
        ("T-1", "pending"),
    ]
    assert world.balance(member).pending == (30_00 + 10_00 * (len(names) - 1)) // 10 + 200_00
    assert set(stored(world, shop)) == {"order-1", *(f"live-{n}" for n in range(1, len(names)))}
    assert len(account.record.attempts) == 11
    assert world.differences() == []


def nothing(_: Actor) -> None:
    """A shop that does not hear."""


def new_id(actor: Actor) -> None:
    actor.tell(purchase("T-1"), "order-1-again")


def other_bytes(actor: Actor) -> None:
    actor.tell(json.dumps(purchase("T-1"), indent=1).encode(), "order-1", later=1)


def old_signature(actor: Actor) -> None:
    actor.repeat(*actor.sent[0])


def known_order(actor: Actor) -> None:
    actor.tell(back("T-1"), "return-1")


def unknown_line(actor: Actor) -> None:
    actor.tell(back("T-1", "9"), "return-1")


def too_much(actor: Actor) -> None:
    event = back("T-1")
    event["data"]["lines"][0]["amount"] = "100.01"
    actor.tell(event, "return-1")


def all_of_it(actor: Actor) -> None:
    event = back("T-1")
    del event["data"]["lines"]
    actor.tell(event, "return-1")


def signed_anew(actor: Actor) -> None:
    actor.tell(purchase("T-1"), "order-1", later=2)


def no_signature(actor: Actor) -> None:
    raw = json.dumps(purchase("T-3")).encode()
    actor.repeat(raw, {"content-type": "application/json"})


def never_again(actor: Actor) -> None:
    actor.tell(purchase("T-3"), "order-3", key=b"another key of thirty-two bytes!")


def old_secret(actor: Actor) -> None:
    actor.tell(purchase("T-4"), "order-4", key=actor.secrets[0].key)


def wrong_sum(actor: Actor) -> None:
    event = purchase("T-0")
    event["data"]["lines"][0]["amount"] = 100.0
    actor.tell(event, "order-0")


def not_a_purchase(actor: Actor) -> None:
    actor.tell(back("T-0"), "return-0")


SLOPPY: Mapping[str, tuple[str, Step, str]] = {
    "silent": ("duplicate", nothing, "it did not come in time"),
    "another id": ("duplicate", new_id, "says what #1 says under another webhook-id"),
    "other bytes": ("duplicate", other_bytes, "webhook_id_reused: webhook-id 'order-1' came"),
    "signed once": ("duplicate", old_signature, "each attempt has its own"),
    "order first": ("out-of-order", known_order, "order T-1 came before, as #1"),
    "unknown line": ("partial-return", unknown_line, "order T-1 has no line 9; it has 1, 2"),
    "too much": ("partial-return", too_much, "line 1 was sold for 100.00, less than"),
    "all of it": ("partial-return", all_of_it, "name the `lines` of a part of it"),
    "anew": ("replay", signed_anew, "it was signed anew"),
    "no signature": ("wrong-signature", no_signature, "headers that prove where it comes from"),
    "given up": ("wrong-signature", never_again, "refused, as it must be; now order-3"),
    "fresh": ("stale", old_signature, "its webhook-timestamp is not old enough"),
    "old secret": ("rotated-key", old_secret, "let in by the first secret"),
}


@pytest.mark.parametrize("kind", SLOPPY)
def test_a_sloppy_shop_fails_in_the_right_case_and_hears_why(
    kind: str, house: World, shop: Shop
) -> None:
    case, step, said = SLOPPY[kind]
    account = account_of(
        actor := Actor(house, shop, {**CAREFUL, case: step}), "first", case, timeout=1
    )
    assert failed(account) == {case}, actor.seen.getvalue()
    assert said in why(account, case)
    assert said in actor.seen.getvalue()
    assert stored(house, shop) == []


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (wrong_sum, "event_invalid: The event was read and is wrong.; data.lines[0].amount: must"),
        (not_a_purchase, "it says returned T-0; a purchase is asked for"),
        (no_signature, "headers that prove where it comes from are missing"),
        (
            lambda actor: actor.tell(purchase("T-1"), "order-0", later=-400),
            "is more than 5 minutes from our clock",
        ),
        (lambda actor: actor.tell(b"{,}", "order-0"), "unreadable: not JSON at line 1"),
        (lambda actor: actor.tell(b"{}".ljust(2**18 + 1), "order-0"), "too_large: An event is at"),
    ],
    ids=["amount", "return", "unsigned", "clock", "syntax", "size"],
)
def test_a_shop_that_first_errs_hears_why_and_passes_then(
    step: Step, said: str, house: World, shop: Shop
) -> None:
    def first(actor: Actor) -> None:
        step(actor)
        actor.steps = {}

    class Persistent(Actor):
        def saw(self, attempt: Any, why: str) -> None:
            super().saw(attempt, why)
            if why:
                CAREFUL["first"](self)

    account = account_of(Persistent(house, shop, {"first": first}), "first")
    assert account.has_passed
    (report,) = [one for one in account.cases if one.case.name == "first"]
    ((attempt, why_not),) = report.wrong
    assert said in why_not
    assert attempt.number == 1
    assert [one.number for one in report.evidence] == [2]


def test_a_shop_may_send_everything_at_once(house: World, shop: Shop) -> None:
    asked = ("first", "duplicate", "out-of-order", "partial-return", "replay", "wrong-signature")

    def all_at_once(actor: Actor) -> None:
        for name in asked:
            CAREFUL[name](actor)

    assert account_of(Actor(house, shop, {"first": all_at_once}), *asked, timeout=5).has_passed


def test_after_the_trial_its_secrets_open_nothing(house: World, shop: Shop) -> None:
    account = account_of(actor := Actor(house, shop, CAREFUL), "first", "rotated-key")
    assert account.has_passed
    raw = body()
    for secret in actor.secrets:
        problem(send(house, shop.slug, raw, headers(secret.key, raw)), 401, "not_let_in")
    assert send(house, shop.slug, raw, headers(shop.secret, raw)).status_code == 202
    sql = "SELECT kind, revoked_at FROM webhook_secrets WHERE shop_id = :shop ORDER BY id"
    assert [(row.kind, row.revoked_at is None) for row in house.query(sql, shop=shop.id)] == [
        ("issued", True),
        ("trial", False),
        ("trial", False),
    ]
    entries = "SELECT who, after ->> 'state' FROM audit_entries WHERE subject = :subject"
    rows = house.query(entries + " ORDER BY id", subject=f"shop:{shop.slug}")
    assert [tuple(row) for row in rows] == [("anna", "open"), ("anna", "closed")]
