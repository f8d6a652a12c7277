"""Codes to numbers that may be nobody's: who is told what is decided when they are sent."""

from datetime import timedelta

import pytest

from tests.tracker.notifications.outbox import NOON, Provider, code, deliver, rows
from tests.world import World, day
from tracker.kit.database import unit_of_work
from tracker.members.rules import Language
from tracker.notifications.contracts import Kind
from tracker.notifications.ports import Letter, Outcome
from tracker.notifications.service import send_code

STRANGER = "+79001234567"


def told(world: World) -> list[tuple[str, str | None]]:
    return [(row.state, row.reason) for row in rows(world)]


def test_a_code_for_signing_in_goes_to_a_member(world: World) -> None:
    provider = Provider()
    code(world, phone=world.phone(world.member()))
    deliver(world, provider)
    assert provider.texts == ["271828 — код для входа в кэшбэк-клуб. Никому его не сообщайте."]


def test_and_to_nobody_else(world: World) -> None:
    provider = Provider()
    code(world, phone=STRANGER)
    deliver(world, provider)
    assert (provider.sent, told(world)) == ([], [("void", "not_a_member")])


def test_a_code_for_joining_goes_to_who_is_no_member(world: World) -> None:
    provider = Provider()
    code(world, Kind.JOINING_CODE, phone=STRANGER, language=Language.EN)
    deliver(world, provider)
    assert provider.texts == ["271828 is your code to join the Cashback Club. Tell it to nobody."]


def test_a_member_who_would_join_is_told_so_without_a_code(world: World) -> None:
    provider = Provider()
    code(world, Kind.JOINING_CODE, phone=world.phone(world.member()), language=Language.UK)
    deliver(world, provider)
    (text,) = provider.texts
    assert "уже в кешбек-клубі" in text
    assert "271828" not in text


@pytest.mark.parametrize("proved", [NOON - timedelta(days=61), None])
def test_a_number_not_proved_lately_may_be_somebody_elses(world: World, proved: object) -> None:
    member, provider = world.member(), Provider()
    world.change("UPDATE numbers SET proved_at = :at WHERE member_id = :id", at=proved, id=member)
    code(world, Kind.JOINING_CODE, phone=world.phone(member))
    deliver(world, provider)
    assert "271828" in provider.texts[0]


def test_a_number_that_was_given_up_is_nobodys(world: World) -> None:
    member, provider = world.member(), Provider()
    phone = world.phone(member)
    world.change(
        "UPDATE numbers SET ended_at = now(), end_reason = 'closed' WHERE member_id = :id",
        id=member,
    )
    code(world, phone=phone, key="code:1")
    code(world, Kind.JOINING_CODE, phone=phone, key="code:2")
    deliver(world, provider)
    assert [row.state for row in rows(world)] == ["void", "sent"]


@pytest.mark.parametrize(
    ("days", "state"),
    [(1, ("void", "another_members")), (61, ("sent", None)), (None, ("sent", None))],
)
def test_a_code_for_a_new_number_goes_to_no_other_member(
    world: World, days: int | None, state: tuple[str, str | None]
) -> None:
    """They would be annoyed, and it would be of no use: the number stays theirs."""
    member, provider = world.member(), Provider()
    proved = None if days is None else NOON - timedelta(days=days)
    world.change("UPDATE numbers SET proved_at = :at WHERE member_id = :id", at=proved, id=member)
    code(world, Kind.NEW_NUMBER_CODE, phone=world.phone(member))
    deliver(world, provider)
    assert told(world) == [state]
    assert len(provider.sent) == (state[0] == "sent")


@pytest.mark.parametrize(
    "kind", [Kind.NUMBER_CODE, Kind.NEW_NUMBER_CODE, Kind.RELATIVE_CODE, Kind.ERASURE_CODE]
)
def test_other_codes_go_to_whom_they_are_for(world: World, kind: Kind) -> None:
    provider = Provider()
    code(world, kind, phone=STRANGER)
    deliver(world, provider)
    assert "271828" in provider.texts[0]


def test_a_code_by_letter_does_not_stand_in_the_subject(world: World) -> None:
    provider = Provider()
    code(world, Kind.EMAIL_CODE, email="a@example.org")
    deliver(world, provider)
    (letter,) = provider.sent
    assert isinstance(letter, Letter)
    assert (letter.address, letter.subject) == ("a@example.org", "Код подтверждения")
    assert "271828" in letter.text


def test_a_kind_that_has_no_text_for_a_channel_is_given_up(world: World) -> None:
    provider = Provider()
    code(world, Kind.EMAIL_CODE, phone=STRANGER)
    code(world, Kind.NUMBER_CODE, phone=STRANGER, key="code:2")
    deliver(world, provider)
    assert told(world) == [("failed", "no_words_for_it"), ("sent", None)]


def test_nothing_of_it_can_be_read_and_nothing_stays(world: World) -> None:
    provider = Provider(lambda _: Outcome.TEMPORARY)
    phone = world.phone(world.member())
    code(world, phone=phone)
    deliver(world, provider)
    (row,) = rows(world)
    for secret in (phone, phone[1:], "271828"):
        assert secret not in str(tuple(row)), "while it waits"
        assert secret.encode() not in bytes(row.sealed)
    world.change("UPDATE notifications SET try_at = now()")
    provider.script = lambda _: Outcome.ACCEPTED
    deliver(world, provider)
    assert rows(world)[0].sealed is None


def test_a_code_sealed_in_one_row_opens_in_no_other(world: World) -> None:
    provider = Provider()
    code(world, Kind.NUMBER_CODE, phone=STRANGER, key="code:1")
    code(world, Kind.NUMBER_CODE, phone="+79000000000", key="code:2")
    world.change("UPDATE notifications SET sealed = (SELECT sealed FROM notifications LIMIT 1)")
    deliver(world, provider)
    assert [message.state for message in rows(world)] == ["sent", "failed"]
    assert told(world)[1] == ("failed", "cannot_be_read")


def test_a_code_goes_to_one_number_or_one_address(world: World) -> None:
    for phone, email, kind in (
        (None, None, Kind.SIGN_IN_CODE),
        (STRANGER, "a@example.org", Kind.SIGN_IN_CODE),
        (STRANGER, None, Kind.WELCOME),
    ):
        with (
            pytest.raises(ValueError, match=r"one number or one address|is no code"),
            unit_of_work(world.tools.engine) as session,
        ):
            send_code(
                session,
                world.tools.settings.keys,
                kind,
                phone=phone,
                email=email,
                code="1",
                language=Language.RU,
                now=day(1),
                expires_at=day(2),
                key="k",
            )
