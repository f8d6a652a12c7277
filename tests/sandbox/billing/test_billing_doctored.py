"""Statements with faults, the mix, and the pace: rules alone."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sandbox.billing.doctored import doctored, page_of
from sandbox.billing.faults import Action, Call, Match, Operation, Rule, Script, Verdict, seeded
from sandbox.billing.judging import judge
from sandbox.billing.pace import Pace
from sandbox.billing.topups import Payment, TopUp

AT = datetime(2010, 12, 20, 9, tzinfo=UTC)
LINES = [Payment(f"k{n}", "+79000000001", 100, f"T{n}", AT) for n in range(1, 5)]
START = ("", "")


def touched(action: Action) -> Verdict:
    return Verdict(touched={"k2": [Rule(action, Operation.STATEMENT)]})


@pytest.mark.parametrize(
    ("action", "keys", "total"),
    [
        (Action.STATEMENT_OMITS, ["k1", "k3", "k4"], 300),
        (Action.STATEMENT_ADDS, ["k1", "k2", "k2:nobody", "k3", "k4"], 500),
        (Action.STATEMENT_AMOUNT, ["k1", "k2", "k3", "k4"], 500),
        (Action.STATEMENT_REPEATS, ["k1", "k2", "k2", "k3", "k4"], 500),
    ],
)
def test_a_doctored_statement_adds_up(action: Action, keys: list[str], total: int) -> None:
    lines = doctored(LINES, touched(action))
    page = page_of(lines, START, 9, Verdict())
    assert [line.key for line in page.lines] == keys
    assert (page.count, page.total, page.next) == (len(keys), total, None)
    assert len({(line.key, line.reference) for line in lines}) == len(keys)


def test_pages_go_on_where_the_cursor_says() -> None:
    page = page_of(LINES, START, 3, Verdict())
    assert page.next == "k3 T3"
    assert page_of(LINES, ("k3", "T3"), 3, Verdict()).lines == LINES[3:]


def test_a_missing_page_and_a_wrong_count_do_not_add_up() -> None:
    missing = Verdict(Rule(Action.STATEMENT_PAGE_MISSING))
    page = page_of(LINES, START, 2, missing)
    assert (page.lines, page.count) == (LINES[2:], 4)
    assert page_of(LINES, START, 9, Verdict(Rule(Action.STATEMENT_COUNT))).count == 5


def test_the_mix_draws_every_fault_and_the_same_for_the_same_seed() -> None:
    script = Script([Rule(Action.MIX, match=Match(probability=0.5), seconds=1)])
    topups = [TopUp(f"payout:{n}", "+79000000001", 100) for n in range(20)]

    def verdicts(seed: int) -> list[Verdict]:
        chance = seeded(seed)
        calls = (Call(Operation.SUBMIT, number, topups) for number in range(1, 1001))
        return [judge(script, call, chance) for call in calls]

    drawn = verdicts(7)
    assert drawn == verdicts(7) != verdicts(8)
    actions = {one.disturbance.action for one in drawn if one.disturbance}
    actions |= {rule.action for one in drawn for rules in one.touched.values() for rule in rules}
    statement = {one for one in Action if one.startswith("statement_")}
    assert actions == set(Action) - statement - {Action.MIX}
    quiet = [one for one in drawn if one == Verdict()]
    assert 400 < len(quiet) < 600


def test_a_failure_and_a_callback_may_befall_the_same_topup() -> None:
    script = Script([Rule(Action.FAIL), Rule(Action.CONTRADICTORY_CALLBACK), Rule(Action.CALLBACK)])
    verdict = judge(script, Call(Operation.SUBMIT, 1, [TopUp("a", "+79000000001", 1)]), seeded(0))
    assert verdict.refusals == {"a": "number_closed"}
    assert [rule.action for rule in verdict.touched["a"]] == [
        Action.FAIL,
        Action.CONTRADICTORY_CALLBACK,
    ]


def test_no_more_than_the_rate_is_taken() -> None:
    moment = [0.0]
    pace = Pace(100, lambda: moment[0])
    assert pace.wait_for(60) == 0
    assert pace.wait_for(60) == pytest.approx(0.2)
    moment[0] = 0.2
    assert pace.wait_for(60) == 0
    assert pace.wait_for(500) == pytest.approx(1.0)
    moment[0] = 1.2
    assert pace.wait_for(500) == 0
    assert Pace(None).wait_for(10_000) == 0


def test_lines_are_left_as_they_were() -> None:
    assert doctored(LINES, Verdict()) == LINES
    assert replace(LINES[0], amount=1) != LINES[0]
