"""Workers that die, come late or meet: a statement is read once, and never half."""

from typing import Any

import pytest

from partners.reconciliation import booking, reading, working
from partners.reconciliation.claims import (
    MAX_FAILURES,
    Claim,
    LeaseLost,
    claim,
    hold_on,
    is_waiting,
)
from partners.reconciliation.facts import facts_of
from partners.reconciliation.matching import try_shop
from partners.reconciliation.rules import Decision, PartsInvalid
from partners.reconciliation.service import File, add_part, begin, finish, take
from partners.reconciliation.working import work
from tests.partners.reconciliation.conftest import DAYS, OWN, Desk
from tests.world import day
from tracker.kit.database import unit_of_work

RAW = b"order,day,sum,status,commission,click\n" + b"".join(
    b"A-%d,2010-12-01,9,open,,\n" % number for number in range(50)
)


class Killed(BaseException):
    """The process is gone."""


def brings(desk: Desk, raw: bytes = RAW) -> int:
    tools = desk.world.tools
    with unit_of_work(tools.engine) as session:
        file = File("f", DAYS)
        return take(session, tools.settings.keys, desk.shop.id, file, raw=raw, who="anna").id


def works(desk: Desk) -> bool:
    return work(desk.world.tools.engine, desk.world.tools.settings.keys, desk.world.programme)


def takes(desk: Desk) -> Claim | None:
    with unit_of_work(desk.world.tools.engine) as session:
        return claim(session)


def lease_ends(desk: Desk) -> None:
    desk.world.change("UPDATE shop_statements SET lease_until = now() - interval '1 s'")


def test_what_waits_is_seen_and_then_no_more(desk: Desk) -> None:
    def waits() -> bool:
        with unit_of_work(desk.world.tools.engine) as session:
            return is_waiting(session, day(0))

    assert not waits()
    brings(desk)
    assert waits()
    desk.works()
    assert not waits()


@pytest.mark.parametrize("place", ["keep_lines", "keep_matches"])
def test_a_worker_that_dies_leaves_nothing_half_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    number = brings(desk)

    def dies(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(working, place, dies)
        with pytest.raises(Killed):
            desk.works()
    kept = {"keep_lines": 0, "keep_matches": 50}[place]
    assert len(desk.world.query("SELECT * FROM shop_statement_lines")) == kept
    assert desk.found() == []
    assert takes(desk) is None, "somebody has it in hand"
    lease_ends(desk)
    desk.works()
    assert desk.statement(number).state == "matched"
    assert desk.statement(number).failures == 0
    assert len(desk.found()) == 50


def test_a_worker_that_comes_late_is_fenced_off(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = brings(desk)
    monkeypatch.setattr(reading, "PORTION", 10)
    others: list[bool] = []

    def overtaken(*args: Any) -> None:
        if not others:
            others.append(True)
            lease_ends(desk)
            desk.works()
        hold_on(*args)

    monkeypatch.setattr(working, "hold_on", overtaken)
    assert works(desk)
    assert desk.statement(number).state == "matched"
    assert len(desk.world.query("SELECT * FROM shop_statement_lines")) == 50


def test_progress_is_told_while_it_is_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    number = brings(desk)
    monkeypatch.setattr(reading, "PORTION", 20)
    seen: list[int] = []

    def told(*args: Any) -> None:
        hold_on(*args)
        seen.append(args[2])

    monkeypatch.setattr(working, "hold_on", told)
    works(desk)
    assert seen == [20, 40]
    assert desk.statement(number).progress == 51


def test_a_statement_that_keeps_failing_is_given_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = brings(desk)
    with monkeypatch.context() as patch:
        patch.setattr(working, "stage", None)
        for _ in range(MAX_FAILURES):
            lease_ends(desk)
            with pytest.raises(TypeError):
                works(desk)
    lease_ends(desk)
    works(desk)
    assert desk.statement(number).state == "refused"
    assert "keeps failing" in str(desk.statement(number).why)


def test_a_shop_in_other_hands_is_left_for_later(desk: Desk) -> None:
    number = brings(desk)
    works(desk)
    with unit_of_work(desk.world.tools.engine) as session:
        assert try_shop(session, desk.shop.id)
        assert not works(desk)
    assert desk.statement(number).state == "read"
    assert desk.statement(number).failures == 0
    desk.works()
    assert desk.statement(number).state == "matched"


def test_an_old_fence_opens_nothing(desk: Desk) -> None:
    brings(desk)
    held = takes(desk)
    assert held is not None
    lease_ends(desk)
    assert takes(desk) is not None
    with unit_of_work(desk.world.tools.engine) as session, pytest.raises(LeaseLost):
        hold_on(session, held, 1)


def held_parts(desk: Desk) -> int:
    return len(desk.world.query("SELECT FROM shop_statement_parts WHERE sealed IS NOT NULL"))


def test_a_file_is_sealed_and_let_go_of_when_it_is_read(desk: Desk) -> None:
    for raw in (RAW, b"no statement"):
        brings(desk, raw)
        (part,) = desk.world.query("SELECT * FROM shop_statement_parts WHERE sealed IS NOT NULL")
        assert raw[:20] not in bytes(part.sealed)
        desk.works()
        assert held_parts(desk) == 0


def test_what_nobody_finishes_is_let_go_of_after_a_day(desk: Desk) -> None:
    tools = desk.world.tools
    with unit_of_work(tools.engine) as session:
        made = begin(session, desk.shop.id, File("f", DAYS), "anna")
        add_part(session, tools.settings.keys, made, 1, RAW)
    desk.works()
    assert held_parts(desk) == 1
    desk.world.change_as_owner("UPDATE shop_statements SET uploaded_at = now() - interval '2 days'")
    with unit_of_work(tools.engine) as session:
        assert is_waiting(session, day(0))
    desk.works()
    assert held_parts(desk) == 0
    with unit_of_work(tools.engine) as session:
        assert not is_waiting(session, day(0))
        with pytest.raises(PartsInvalid):
            finish(session, tools.settings.keys, made)


def test_a_shop_that_cannot_be_booked_keeps_no_other_waiting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, plain = desk.shop, facts_of
    statement = desk.sends(("B-1", "2010-12-01", "9", "open", "", ""))
    other = Desk(desk.world, desk.world.shop("other"))
    other.writes(OWN)
    others = other.sends(("B-2", "2010-12-01", "9", "open", "", ""))
    desk.decides(statement, Decision.THEIRS)
    other.decides(others, Decision.THEIRS)

    def fails(one: Any, known: Any) -> Any:
        if one.shop_id == first.id:
            raise ArithmeticError
        return plain(one, known)

    with monkeypatch.context() as patch:
        patch.setattr(booking, "facts_of", fails)
        with pytest.raises(ArithmeticError):
            desk.works()
    assert [one[3] for one in desk.found()] == ["accepted", "booked"]
    with unit_of_work(desk.world.tools.engine) as session:
        assert try_shop(session, first.id)
        desk.works()
    assert desk.found()[0][3] == "accepted"
    desk.works()
    assert desk.found()[0][3] == "booked"
