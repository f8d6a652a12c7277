"""What a member hears of sign-ins and of changes: where they have it, and where they had it."""

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.clients import Cabinet
from tests.signing_in import (
    PASSWORD,
    code_sent,
    fresh,
    give_email,
    give_password,
    notices,
    other,
    proved,
)
from tests.tracker.notifications.outbox import Provider, deliver
from tests.world import World
from tracker.kit.clock import MOSCOW, SystemClock
from tracker.notifications.ports import Letter, ShortMessage

NEW = "+79001234567"
EMAIL = "anna@example.org"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def member(world: World) -> int:
    """A member with a number, an address and a password."""
    member = fresh(world)
    give_password(world, member)
    give_email(world, member, EMAIL)
    return member


def sent(world: World, kind: str) -> list[tuple[str, str]]:
    """Where a worker sends what is queued of a kind, and its texts; the codes go out as well."""
    provider = Provider()
    world.change("UPDATE notifications SET try_at = now() WHERE kind = :kind", kind=kind)
    deliver(world, provider, world.tools.clock.now())
    keys = {
        f"notification:{row.id}"
        for row in world.query("SELECT id FROM notifications WHERE kind = :kind", kind=kind)
    }
    return [(_to(one), one.text) for one in provider.sent if one.key in keys]


def _to(one: ShortMessage | Letter) -> str:
    return one.phone if isinstance(one, ShortMessage) else one.address


def without_number(world: World, member: int) -> None:
    """Somebody else has the number by now."""
    world.change(
        "UPDATE numbers SET ended_at = now(), end_reason = 'taken_over' WHERE member_id = :id",
        id=member,
    )


def signs_in(world: World, name: str, agent: str) -> None:
    body = {"email" if "@" in name else "phone": name, "password": PASSWORD, "kind": "app"}
    headers = {"User-Agent": agent}
    response = world.client().post("/api/v1/sign-in/password", json=body, headers=headers)
    assert response.status_code == 200


def test_a_sign_in_is_told_with_its_time_and_the_device(world: World, member: int) -> None:
    before = SystemClock().now()
    signs_in(world, world.phone(member), FIREFOX)
    ((to, text),) = sent(world, "signed_in")
    assert to == world.phone(member)
    moments = before, SystemClock().now()
    assert any(one.astimezone(MOSCOW).strftime("%H:%M (МСК)") in text for one in moments)
    assert "Firefox, Linux" in text


@pytest.mark.parametrize("agent", ["", "Your account is blocked: call +7 900 000 00 00"])
def test_of_the_device_nothing_is_told_in_its_own_words(
    world: World, member: int, agent: str
) -> None:
    signs_in(world, world.phone(member), agent)
    ((_, text),) = sent(world, "signed_in")
    assert "неизвестное устройство" in text
    assert "blocked" not in text


def test_who_has_no_number_hears_of_it_by_letter(world: World, member: int) -> None:
    without_number(world, member)
    signs_in(world, EMAIL, FIREFOX)
    ((to, text),) = sent(world, "signed_in")
    assert to == EMAIL
    assert "Firefox, Linux" in text


def test_so_does_who_loses_it_before_the_message_is_sent(world: World, member: int) -> None:
    signs_in(world, world.phone(member), FIREFOX)
    without_number(world, member)
    assert [to for to, _ in sent(world, "signed_in")] == [EMAIL]
    (row,) = world.query("SELECT channel, state FROM notifications")
    assert (row.channel, row.state) == ("email", "sent")


def test_who_has_neither_is_told_nowhere_and_it_ends(world: World, member: int) -> None:
    signs_in(world, world.phone(member), FIREFOX)
    without_number(world, member)
    world.change("UPDATE members SET email_proved_at = NULL")
    assert sent(world, "signed_in") == []
    (row,) = world.query("SELECT state, reason FROM notifications")
    assert (row.state, row.reason) == ("void", "no_address")


def ask(app: Cabinet, phone: str = NEW, **more: Any) -> TestResponse:
    return app.post("/api/v1/number", json={"phone": phone, "password": PASSWORD, **more})


def changes_number(world: World, app: Cabinet, old: str, **more: Any) -> None:
    """By the codes that went to ``old`` and to the new number."""
    name = ask(app, **more).get_json()["change"]
    codes = {"old_code": code_sent(world, old), "new_code": code_sent(world, NEW)}
    response = app.post("/api/v1/number/answer", json={"change": name, **codes})
    assert response.status_code == 204, response.get_json()


def test_both_numbers_and_the_address_hear_of_a_change_of_number(world: World, member: int) -> None:
    old = world.phone(member)
    changes_number(world, world.signed_in(member), old)
    assert notices(world, member) == ["number_changed"] * 3
    assert sorted(to for to, _ in sent(world, "number_changed")) == sorted([old, NEW, EMAIL])


def test_so_they_do_when_the_old_one_is_said_to_be_lost(world: World, member: int) -> None:
    """Whoever has stolen the password and the mailbox cannot keep it from the telephone."""
    old = world.phone(member)
    changes_number(world, world.signed_in(member), EMAIL, lost=True)
    assert sorted(to for to, _ in sent(world, "number_changed")) == sorted([old, NEW, EMAIL])


def test_without_an_address_the_numbers_hear_once_each(world: World) -> None:
    member = fresh(world)
    give_password(world, member)
    old = world.phone(member)
    changes_number(world, world.signed_in(member), old)
    assert sorted(to for to, _ in sent(world, "number_changed")) == sorted([old, NEW])


def test_a_first_number_is_told_to_it_and_to_the_address(world: World, member: int) -> None:
    without_number(world, member)
    changes_number(world, world.signed_in(member), EMAIL)
    assert sorted(to for to, _ in sent(world, "number_changed")) == sorted([NEW, EMAIL])


def test_a_notice_to_an_old_number_is_sealed_and_wiped(world: World, member: int) -> None:
    old = world.phone(member)
    changes_number(world, world.signed_in(member), old)
    rows = world.query("SELECT * FROM notifications WHERE kind = 'number_changed'")
    assert [row.sealed is not None for row in rows] == [False, True, True]
    for secret in (old, old[1:], EMAIL):
        assert not any(secret in str(tuple(row)) for row in rows)
        assert not any(secret.encode() in bytes(row.sealed or b"") for row in rows)
    sent(world, "number_changed")
    assert world.query("SELECT id FROM notifications WHERE sealed IS NOT NULL") == []


def test_it_goes_to_the_old_number_even_if_the_thief_erases_the_account(
    world: World, member: int
) -> None:
    old = world.phone(member)
    changes_number(world, world.signed_in(member), old)
    world.change("UPDATE members SET closed_at = now()")
    world.change("UPDATE numbers SET ended_at = now(), end_reason = 'closed'")
    assert sorted(to for to, _ in sent(world, "number_changed")) == sorted([old, EMAIL])


def test_who_takes_a_number_over_hears_nothing_of_whose_it_was(world: World, member: int) -> None:
    proved(world, member, world.tools.clock.now() - timedelta(days=60))
    number = world.phone(member)
    holder = fresh(world)
    give_password(world, holder)
    app, before = world.signed_in(holder), world.phone(holder)
    name = ask(app, number).get_json()["change"]
    codes = {"old_code": code_sent(world, before), "new_code": code_sent(world, number)}
    done = app.post("/api/v1/number/answer", json={"change": name, **codes})
    assert done.status_code == 204
    told = sorted(to for to, _ in sent(world, "number_changed"))
    assert told == sorted([EMAIL, before, number])
    assert notices(world, member) == ["number_changed"]
    (row,) = world.query("SELECT channel FROM notifications WHERE member_id = :id", id=member)
    assert row.channel == "email"


def changes_email(world: World, app: Cabinet, email: str) -> None:
    body = {"email": email, "password": PASSWORD}
    name = app.post("/api/v1/email", json=body).get_json()["change"]
    answered = {"change": name, "code": code_sent(world, email)}
    assert app.post("/api/v1/email/answer", json=answered).status_code == 204


def test_the_old_address_and_the_number_hear_of_a_change_of_address(
    world: World, member: int
) -> None:
    changes_email(world, world.signed_in(member), "thief@example.org")
    told = sorted(to for to, _ in sent(world, "email_changed"))
    assert told == sorted([world.phone(member), EMAIL])


def test_an_old_address_that_was_never_proved_hears_nothing(world: World, member: int) -> None:
    world.change("UPDATE members SET email_proved_at = NULL")
    changes_email(world, world.signed_in(member), "anna@example.com")
    assert [to for to, _ in sent(world, "email_changed")] == [world.phone(member)]


def test_an_address_that_is_proved_anew_is_no_old_one(world: World, member: int) -> None:
    changes_email(world, world.signed_in(member), EMAIL)
    assert [to for to, _ in sent(world, "email_changed")] == [world.phone(member)]


def test_no_code_goes_to_the_number_of_another_member(world: World, member: int) -> None:
    another = fresh(world)
    taken = world.phone(another)
    app = world.signed_in(member)
    free, used = ask(app), ask(app, taken)
    assert (free.status_code, set(free.get_json())) == (used.status_code, set(used.get_json()))
    code = code_sent(world, taken)
    assert [to for to, _ in sent(world, "new_number_code")] == [NEW]
    (row,) = world.query("SELECT state, sealed FROM notifications WHERE reason = 'another_members'")
    assert (row.state, row.sealed) == ("void", None)
    guess = {"change": used.get_json()["change"], "old_code": "000000", "new_code": other(code)}
    assert app.post("/api/v1/number/answer", json=guess).get_json()["code"] == "code_wrong"


def test_one_goes_to_a_number_that_its_member_has_not_proved_for_long(
    world: World, member: int
) -> None:
    another = fresh(world)
    proved(world, another, world.tools.clock.now() - timedelta(days=60))
    ask(world.signed_in(member), world.phone(another))
    assert [to for to, _ in sent(world, "new_number_code")] == [world.phone(another)]
