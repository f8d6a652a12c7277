"""From the outbox to the provider: who is written to, what comes of its answers, how often."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.tracker.notifications.outbox import (
    NIGHT,
    NOON,
    Provider,
    address,
    code,
    deliver,
    let_time_pass,
    paid,
    rows,
    states,
    tell,
    tell_at,
    tracked,
)
from tests.world import World
from tracker.notifications.contracts import Kind, Notice
from tracker.notifications.jobs import CHUNK
from tracker.notifications.ports import Letter, Outcome, Reason, Receipt, ShortMessage


def test_a_payout_is_told_by_sms_and_cashback_by_letter(world: World) -> None:
    member, provider = world.member(), Provider()
    address(world, member, "anna@example.org")
    tell(world, paid(member), tracked(member))
    deliver(world, provider)
    message, letter = provider.sent
    assert isinstance(message, ShortMessage)
    assert message.phone == world.phone(member)
    assert message.text == "Кэшбэк 300,00\xa0₽ зачислен на баланс телефона."
    assert isinstance(letter, Letter)
    assert letter.address == "anna@example.org"
    assert letter.subject == "Кэшбэк 153,00\xa0₽ ожидает подтверждения"
    assert "Shop 7" in letter.text
    assert [(row.state, row.reference, row.reason) for row in rows(world)] == [
        ("sent", "ref-1", None),
        ("sent", "ref-2", None),
    ]


def test_nothing_is_queued_for_who_cannot_or_will_not_read_it(world: World) -> None:
    without, unproved, silent, left = world.members(4)
    address(world, unproved, "b@example.org", proved=False)
    for member in (silent, left):
        address(world, member, f"c{member}@example.org")
    world.change('UPDATE members SET choices = \'{"cashback": "none"}\' WHERE id = :id', id=silent)
    world.change("UPDATE members SET closed_at = now() WHERE id = :id", id=left)
    tell(world, *(tracked(one, f"key:{one}") for one in (without, unproved, silent, left, 10**9)))
    assert rows(world) == []


def test_a_member_chooses_the_channel_and_the_language(world: World) -> None:
    member, provider = world.member(), Provider()
    world.change(
        "UPDATE members SET language = 'en', choices = '{\"cashback\": \"sms\"}' WHERE id = :id",
        id=member,
    )
    tell(world, tracked(member))
    deliver(world, provider)
    assert provider.texts == ["Cashback 153,00\xa0₽: Shop 7. Pending until December 31, 2010."]


def test_what_concerns_security_cannot_be_chosen_away(world: World) -> None:
    member, provider = world.member(), Provider()
    world.change('UPDATE members SET choices = \'{"security": "none"}\' WHERE id = :id', id=member)
    tell(
        world,
        signed_in(member),
        Notice(member, Kind.WELCOME, "welcome:1"),
    )
    deliver(world, provider)
    assert len(provider.sent) == 2, "the welcome goes by SMS to who has no address"


def test_told_once_for_good(world: World) -> None:
    member, provider = world.member(), Provider()
    for _ in range(2):
        tell(world, paid(member), paid(member))
        deliver(world, provider)
    assert len(provider.sent) == 1


def test_a_notice_without_its_values_is_refused_at_once(world: World) -> None:
    member = world.member()
    for notice in (
        Notice(member, Kind.PAYOUT_PAID, "a"),
        Notice(member, Kind.PAYOUT_PAID, "a", {"amount": 1, "phone": "x"}),
        Notice(member, Kind.SIGN_IN_CODE, "a", {"code": "1"}),
    ):
        with pytest.raises(ValueError, match=r"takes|not a notice"):
            tell(world, notice)


def test_where_a_member_is_reached_is_looked_up_when_it_is_sent(world: World) -> None:
    moved, gone, provider = world.member(), world.member(), Provider()
    address(world, moved, "old@example.org")
    tell(world, tracked(moved), paid(gone))
    address(world, moved, "new@example.org")
    world.change(
        "UPDATE numbers SET ended_at = now(), end_reason = 'closed' WHERE member_id = :id", id=gone
    )
    deliver(world, provider)
    assert [one.address for one in provider.sent if isinstance(one, Letter)] == ["new@example.org"]
    assert [(row.state, row.reason) for row in rows(world)] == [
        ("sent", None),
        ("void", "no_address"),
    ]


def signed_in(member: int) -> Notice:
    told = {"at": NOON.isoformat(), "device": ""}
    return Notice(member, Kind.SIGNED_IN, f"sign-in:{member}", told)


def test_what_concerns_security_goes_where_the_member_can_be_reached_yet(world: World) -> None:
    """By the other channel, be it that there was only that one or that the first is gone."""
    without, loses_it, loses_mail, hears_nothing = world.members(4)
    for member in (without, loses_it, loses_mail):
        address(world, member, f"m{member}@example.org")
    end = "UPDATE numbers SET ended_at = now(), end_reason = 'closed' WHERE member_id = :id"
    world.change(end, id=without)
    tell(world, *(signed_in(one) for one in (without, loses_it, hears_nothing)))
    tell(world, Notice(loses_mail, Kind.WELCOME, "welcome:1"))
    world.change(end, id=loses_it)
    world.change(end, id=hears_nothing)
    world.change("UPDATE members SET email_proved_at = NULL WHERE id = :id", id=loses_mail)
    provider = Provider()
    phone = world.phone(loses_mail)
    for _ in range(2):
        deliver(world, provider)
    told = [one.phone if isinstance(one, ShortMessage) else one.address for one in provider.sent]
    assert sorted(told) == sorted([phone, *(f"m{one}@example.org" for one in (without, loses_it))])
    assert [(row.channel, row.state) for row in rows(world)] == [
        ("email", "sent"),
        ("email", "sent"),
        ("sms", "void"),
        ("sms", "sent"),
    ]


def test_a_notice_to_where_a_member_was_reached_goes_there(world: World) -> None:
    member, provider = world.member(), Provider()
    tell_at(world, Notice(member, Kind.NUMBER_CHANGED, "a"), phone="+79001234567")
    tell_at(world, Notice(member, Kind.NUMBER_CHANGED, "b"), email="anna@example.org")
    tell_at(world, Notice(10**9, Kind.NUMBER_CHANGED, "c"), phone="+79001234567")
    deliver(world, provider)
    message, letter = provider.sent
    assert isinstance(message, ShortMessage)
    assert isinstance(letter, Letter)
    assert (message.phone, letter.address) == ("+79001234567", "anna@example.org")
    assert [(row.state, row.sealed, row.member_id) for row in rows(world)] == [
        ("sent", None, member),
        ("sent", None, member),
    ]


def test_a_notice_that_cannot_be_read_is_given_up(world: World) -> None:
    member, provider = world.member(), Provider()
    for key in "ab":
        tell_at(
            world, Notice(member, Kind.NUMBER_CHANGED, key), phone=f"+7900123456{ord(key) % 10}"
        )
    world.change("UPDATE notifications SET sealed = (SELECT sealed FROM notifications LIMIT 1)")
    deliver(world, provider)
    assert [(row.state, row.reason) for row in rows(world)] == [
        ("sent", None),
        ("failed", "cannot_be_read"),
    ]


@pytest.mark.parametrize("to", [{}, {"phone": "+79001234567", "email": "a@example.org"}])
def test_a_notice_goes_to_one_number_or_one_address(world: World, to: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="one number or one address"):
        tell_at(world, Notice(world.member(), Kind.NUMBER_CHANGED, "a"), **to)


@pytest.mark.parametrize("kind", [Kind.PAYOUT_PAID, Kind.SIGN_IN_CODE])
def test_what_was_surely_not_sent_is_tried_again(world: World, kind: Kind) -> None:
    member, provider = world.member(), Provider(lambda _: Outcome.TEMPORARY)
    if kind is Kind.SIGN_IN_CODE:
        code(world, phone=world.phone(member))
    else:
        tell(world, paid(member))
    waits = []
    for _ in range(4):
        deliver(world, provider)
        (row,) = rows(world)
        assert (row.state, row.reason) == ("waiting", "timeout")
        waits.append(world.query("SELECT try_at - clock_timestamp() AS wait FROM notifications"))
        let_time_pass(world)
    assert waits == sorted(waits)
    provider.script = lambda _: Outcome.ACCEPTED
    deliver(world, provider)
    assert states(world) == ["sent"]
    assert len(provider.sent) == 1


def test_a_code_is_not_tried_past_its_use_and_is_wiped(world: World) -> None:
    member, provider = world.member(), Provider(lambda _: Outcome.TEMPORARY)
    code(world, phone=world.phone(member), minutes=1 / 20)
    deliver(world, provider)
    (row,) = rows(world)
    assert provider.batches == [1]
    assert (row.state, row.sealed, row.reason) == ("expired", None, "timeout")


def test_a_code_that_waited_too_long_is_not_sent(world: World) -> None:
    member, provider = world.member(), Provider()
    code(world, phone=world.phone(member), minutes=-1)
    deliver(world, provider)
    assert (states(world), provider.sent) == (["expired"], [])


def test_what_is_refused_is_not_tried_again(world: World) -> None:
    provider = Provider(lambda _: Outcome.REFUSED)
    tell(world, paid(world.member()))
    deliver(world, provider)
    let_time_pass(world)
    deliver(world, provider)
    assert (states(world), provider.batches) == (["failed"], [1])


def test_an_unanswered_code_is_sent_thrice_at_most_an_unanswered_notice_once(
    world: World,
) -> None:
    member, provider = world.member(), Provider(lambda _: Outcome.UNKNOWN)
    code(world, phone=world.phone(member))
    tell(world, paid(member))
    for _ in range(5):
        deliver(world, provider)
        let_time_pass(world)
    assert states(world) == ["unknown", "unknown"]
    assert len(provider.sent) == 3 + 1
    assert rows(world)[0].sealed is None


def test_by_night_only_what_is_urgent_goes_out(world: World) -> None:
    member, provider = world.member(), Provider()
    tell(world, paid(member))
    code(world, phone=world.phone(member))
    deliver(world, provider, NIGHT)
    assert states(world) == ["waiting", "sent"]
    deliver(world, provider, NIGHT + timedelta(hours=10))
    assert states(world) == ["waiting", "sent"], "it is not quite nine in the morning"
    deliver(world, provider, NIGHT + timedelta(hours=10.5))
    assert states(world) == ["sent", "sent"]


def test_without_quiet_hours_all_goes_out(world: World) -> None:
    provider = Provider()
    tell(world, paid(world.member()))
    deliver(world, provider, NIGHT, quiet=None)
    assert states(world) == ["sent"]


def test_what_is_urgent_goes_first(world: World) -> None:
    members, provider = world.members(CHUNK + 1), Provider()
    tell(world, *(paid(one, f"payout:{one}") for one in members))
    code(world, phone=world.phone(members[0]))
    deliver(world, provider)
    assert "271828" in provider.texts[0]
    assert provider.batches[0] == CHUNK
    assert set(states(world)) == {"sent"}


def test_a_gateway_that_takes_nothing_is_left_in_peace(world: World) -> None:
    members, provider = world.members(2 * CHUNK), Provider(lambda _: Outcome.TEMPORARY)
    tell(world, *(paid(one, f"payout:{one}") for one in members))
    deliver(world, provider)
    assert provider.batches == [CHUNK]


def test_what_a_slow_provider_did_not_get_to_is_next(world: World) -> None:
    class Slow(Provider):
        def send(self, batch: Sequence[Any]) -> list[Receipt]:
            left = [
                Receipt(one.key, Outcome.TEMPORARY, reason=Reason.NO_TIME_LEFT) for one in batch[1:]
            ]
            return [*super().send(batch[:1]), *left]

    provider = Slow()
    tell(world, *(paid(one, f"payout:{one}") for one in world.members(5)))
    deliver(world, provider)
    assert set(states(world)) == {"sent"}
    assert len(provider.sent) == 5
