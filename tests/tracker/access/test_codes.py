"""Codes: six digits, good once, soon, and for whoever asked. Attacks on them."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.joining import Newcomer
from tests.signing_in import code_sent, other
from tests.world import World
from tracker.access import codes
from tracker.access.codes import AskedTooSoon, Destination, Verdict
from tracker.access.rules import Purpose
from tracker.kit.crypto import Keyring, key_from, new_key
from tracker.kit.database import unit_of_work
from tracker.members.rules import Language

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PHONE = "+79001234567"
FLOW = "a flow's token"


def ask(
    world: World,
    flow: str = FLOW,
    now: datetime = NOW,
    *,
    purpose: Purpose = Purpose.RELATIVE,
    phone: str = PHONE,
) -> str:
    with unit_of_work(world.tools.engine) as session:
        keys = world.tools.settings.keys
        to = Destination(phone=phone)
        codes.ask(session, keys, purpose, to, flow, now, language=Language.RU)
    return code_sent(world, phone)


def answer(
    world: World,
    code: str,
    flow: str = FLOW,
    now: datetime = NOW,
    *,
    purpose: Purpose = Purpose.RELATIVE,
    keys: Keyring | None = None,
) -> Verdict:
    with unit_of_work(world.tools.engine) as session:
        ring = keys or world.tools.settings.keys
        return codes.answer(session, ring, purpose, flow, code, now)


def test_the_right_code_is_right_once(world: World) -> None:
    code = ask(world)
    assert len(code) == 6
    assert code.isdecimal()
    assert answer(world, code) is Verdict.RIGHT
    assert answer(world, code) is Verdict.NONE


def test_the_sixth_guess_fails_even_if_it_is_right(world: World) -> None:
    code = ask(world)
    assert [answer(world, other(code)) for _ in range(5)] == [Verdict.WRONG] * 5
    assert answer(world, code) is Verdict.USED_UP


def test_a_code_expires(world: World) -> None:
    code = ask(world)
    assert answer(world, code, now=NOW + codes.LASTS) is Verdict.EXPIRED
    assert timedelta(minutes=10) >= codes.LASTS
    assert answer(world, code, now=NOW + codes.LASTS - timedelta(seconds=1)) is Verdict.RIGHT


def test_a_code_is_good_for_one_flow_and_one_purpose(world: World) -> None:
    code = ask(world)
    assert answer(world, code, "another flow") is Verdict.NONE
    assert answer(world, code, purpose=Purpose.ERASURE) is Verdict.NONE
    ask(world, "another flow", phone="+79001234568")
    mine = ask(world, FLOW, NOW + timedelta(minutes=1))
    theirs = code_sent(world, "+79001234568")
    if mine != theirs:
        assert answer(world, theirs) is Verdict.WRONG
    assert answer(world, mine) is Verdict.RIGHT


def test_asking_again_makes_the_code_before_void_and_begins_the_guesses_anew(world: World) -> None:
    former = ask(world)
    for _ in range(5):
        answer(world, other(former))
    later = NOW + timedelta(seconds=30)
    code = ask(world, now=later)
    if former != code:
        assert answer(world, former, now=later) is Verdict.WRONG
    assert answer(world, code, now=later) is Verdict.RIGHT


def test_the_pause_before_another_one_grows(world: World) -> None:
    moment, pauses = NOW, []
    for _ in range(6):
        with unit_of_work(world.tools.engine) as session:
            keys, to = world.tools.settings.keys, Destination(phone=PHONE)
            asked = codes.ask(
                session, keys, Purpose.RELATIVE, to, FLOW, moment, language=Language.RU
            )
        pauses.append(int((asked.resend_after - moment).total_seconds()))
        moment = asked.resend_after
    assert pauses == [30, 60, 120, 300, 300, 300]
    with pytest.raises(AskedTooSoon) as refused:
        ask(world, now=moment - timedelta(seconds=1))
    assert refused.value.retry_after == 1


def test_a_code_outlives_a_change_of_the_key(world: World, environ: dict[str, str]) -> None:
    code = ask(world)
    ring = Keyring(key_from(new_key()), key_from(environ["TRACKER_SECRET_KEY"]))
    assert answer(world, other(code), keys=ring) is Verdict.WRONG
    assert answer(world, code, keys=ring) is Verdict.RIGHT


def test_nothing_of_a_code_stands_in_the_table(world: World) -> None:
    code = ask(world)
    (row,) = world.query("SELECT * FROM one_time_codes")
    kept = [one for one in row if isinstance(one, bytes)]
    assert {len(one) for one in kept} == {32}
    plain = [str(one) for one in row if not isinstance(one, bytes)]
    assert not any(code in one or PHONE in one for one in plain)
    answer(world, code)
    assert world.query("SELECT code_hash FROM one_time_codes")[0].code_hash is None


def at_once(world: World, said: list[str]) -> Counter[Verdict]:
    """Many threads answer at the same moment."""
    barrier = threading.Barrier(len(said))

    def one(code: str) -> Verdict:
        barrier.wait()
        return answer(world, code)

    with ThreadPoolExecutor(len(said)) as pool:
        return Counter(pool.map(one, said))


def test_of_twenty_right_answers_one_succeeds(world: World) -> None:
    code = ask(world)
    verdicts = at_once(world, [code] * 20)
    assert verdicts[Verdict.RIGHT] == 1
    assert verdicts[Verdict.NONE] == 19


def test_of_twenty_guesses_five_count(world: World) -> None:
    code = ask(world)
    verdicts = at_once(world, [other(code)] * 20)
    assert verdicts == {Verdict.WRONG: 5, Verdict.USED_UP: 15}
    assert world.query("SELECT attempts FROM one_time_codes")[0].attempts == 5


def test_guesses_count_though_they_are_refused(world: World) -> None:
    """Through HTTP: the attempt is committed before the answer says no."""
    anna = Newcomer(world, PHONE)
    anna.begin()
    wrong = other(code_sent(world, PHONE))
    said = [anna.send("phone-code", code=wrong) for _ in range(6)]
    assert [one.status_code for one in said] == [422] * 5 + [409]
    assert said[0].get_json()["code"] == "code_wrong"
    assert anna.prove_phone().get_json()["code"] == "code_not_alive"
    world.change("UPDATE one_time_codes SET resend_at = now() - interval '1 s'")
    assert anna.send("resend").status_code == 202
    assert anna.prove_phone().status_code == 200
