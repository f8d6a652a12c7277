"""What members read, from the shop's webhook to the phone and the mailbox: over SMPP and SMTP."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

import wsgi
from sandbox.messages.process import TelecomProcess, running_telecom
from sandbox.messages.store import delivered
from tests.obedient import ObedientBilling
from tests.world import World, confirmed, created, day, returned
from tracker.kit.clock import FixedClock
from tracker.kit.database import unit_of_work
from tracker.kit.settings import Settings, load_settings
from tracker.members.rules import Language
from tracker.members.service import set_email
from tracker.notifications.contracts import Channel, Kind
from tracker.notifications.service import TASKS, send_code
from tracker.settlement.ports import Answer, Outcome, TopUp

ADDRESS = "anna@example.org"
NOON = day(1.5)


@pytest.fixture
def telecom(tmp_path: Path) -> Iterator[TelecomProcess]:
    """An SMS centre and a mail server, in a process of their own."""
    with running_telecom(tmp_path / "telecom") as running:
        yield running


@pytest.fixture
def settings(environ: dict[str, str], telecom: TelecomProcess, tmp_path: Path) -> Settings:
    """A deployment that hands its messages to those, and whose business time is a day's noon."""
    clock = f"{NOON.isoformat()} x1 @{FixedClock(NOON).now().timestamp()}"
    given = {"SMS_URL": telecom.sms_url, "MAIL_URL": telecom.mail_url, "QUIET_HOURS": ""}
    return load_settings({**environ, **given, "TRACKER_CLOCK": clock}, tmp_path)


def deliver(world: World) -> None:
    """A worker sends all that waits."""
    tasks = wsgi.tasks_of(world.tools)
    for task in TASKS.values():
        while tasks[task]():
            pass


def member_with_address(world: World) -> int:
    member = world.member()
    with unit_of_work(world.tools.engine) as session:
        set_email(session, world.tools.settings.keys, member, ADDRESS, day(0))
    return member


def subjects(telecom: TelecomProcess) -> list[str | None]:
    return [one.subject for one in delivered(telecom.data, ADDRESS)]


def test_from_a_purchase_to_the_mailbox_and_the_phone(
    world: World, telecom: TelecomProcess
) -> None:
    shop, member = world.shop("books.example"), member_with_address(world)
    phone = world.phone(member)
    world.tell(shop, created("A-1", world.click(member, shop), 1000))
    deliver(world)
    assert subjects(telecom) == ["Кэшбэк 100,00\xa0₽ ожидает подтверждения"]
    (letter,) = delivered(telecom.data, ADDRESS)
    assert "Мы видим вашу покупку: Books Example." in letter.text
    assert "примерно до 31 декабря 2010" in letter.text

    world.tell(shop, returned("A-1", "R-1", {"1": 200}, at=day(1)))
    world.tell(shop, confirmed("A-1", at=day(2)))
    deliver(world)
    assert subjects(telecom)[1:] == [
        "Кэшбэк 20,00\xa0₽ отклонён",
        "Кэшбэк 80,00\xa0₽ начислен",
    ]

    world.settle("2011-01", day(31))
    deliver(world)
    assert [one.text for one in delivered(telecom.data, phone)] == [
        "Кэшбэк 280,00 ₽ зачислен на баланс телефона."
    ]

    world.tell(shop, returned("A-1", "R-2", {"1": 800}, at=day(35)))
    deliver(world)
    assert subjects(telecom)[3:] == ["Кэшбэк 80,00\xa0₽ отозван"]
    assert world.differences() == []


def test_the_same_events_twice_are_told_once(world: World, telecom: TelecomProcess) -> None:
    shop, member = world.shop(), member_with_address(world)
    event = created("A-1", world.click(member, shop), 1000)
    for number in range(3):
        world.post(shop, event, webhook_id=f"msg_again_{number}")
        world.work()
    deliver(world)
    deliver(world)
    assert len(subjects(telecom)) == 1


class Refusing(ObedientBilling):
    """An operator that has no such number."""

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        return [Answer(one.key, Outcome.FAILED, reason="no_such_number") for one in batch]


def test_a_payout_that_failed_is_told(world: World, telecom: TelecomProcess) -> None:
    shop, member = world.shop(), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000))
    world.tell(shop, confirmed("A-1", at=day(2)))
    world.settle("2011-01", day(31), Refusing())
    deliver(world)
    (told,) = delivered(telecom.data, world.phone(member))
    assert "не удалось зачислить" in told.text
    assert world.query("SELECT kind FROM notifications") == [("payout_failed",)], "no address"


def test_a_code_comes_by_the_next_message(world: World, telecom: TelecomProcess) -> None:
    phone = world.phone(world.member())
    with unit_of_work(world.tools.engine) as session:
        send_code(
            session,
            world.tools.settings.keys,
            Kind.SIGN_IN_CODE,
            phone=phone,
            code="271828",
            language=Language.UK,
            now=NOON,
            expires_at=NOON + timedelta(minutes=10),
            key="code:1",
        )
    due = wsgi.due_work(world.tools.settings)
    with unit_of_work(world.tools.engine) as session:
        assert [channel for channel in Channel if due[TASKS[channel]](session, NOON)] == ["sms"]
    deliver(world)
    (told,) = delivered(telecom.data, phone)
    assert told.text == "271828 — код для входу до кешбек-клубу. Нікому його не повідомляйте."
