"""Which faults a call meets: rules alone, no server."""

from sandbox.billing.faults import Action, Call, Match, Operation, Rule, Script, seeded
from sandbox.billing.judging import judge
from sandbox.billing.topups import TopUp

A, B = TopUp("payout:1", "+79000000001", 100), TopUp("payout:2", "+79000000002", 200)
SURE = seeded(0)


def disturbed_calls(rule: Rule, calls: int, seed: int = 0) -> list[int]:
    chance = seeded(seed)
    return [
        number
        for number in range(1, calls + 1)
        if judge(Script([rule]), Call(Operation.SUBMIT, number, [A]), chance).disturbance
    ]


def test_no_rules_no_faults() -> None:
    verdict = judge(Script(), Call(Operation.SUBMIT, 1, [A, B]), SURE)
    assert (verdict.disturbance, verdict.refusals, verdict.misquoted) == (None, {}, frozenset())


def test_a_rule_without_a_match_always_holds() -> None:
    assert disturbed_calls(Rule(Action.SLOW), 3) == [1, 2, 3]


def test_the_nth_call_alone() -> None:
    assert disturbed_calls(Rule(Action.SLOW, match=Match(nth=2)), 5) == [2]


def test_every_nth_call() -> None:
    assert disturbed_calls(Rule(Action.SLOW, match=Match(every=2)), 5) == [2, 4]


def test_conditions_must_all_hold() -> None:
    rule = Rule(Action.SLOW, match=Match(every=2, key_suffix=":2"))
    assert disturbed_calls(rule, 4) == []


def test_a_call_is_disturbed_when_any_of_its_topups_matches() -> None:
    rule = Rule(Action.HTML_200, match=Match(phone_suffix="0002"))
    verdict = judge(Script([rule]), Call(Operation.SUBMIT, 1, [A, B]), SURE)
    assert verdict.disturbance is rule


def test_only_the_operation_named_is_touched() -> None:
    script = Script([Rule(Action.SLOW, on=Operation.QUERY)])
    assert judge(script, Call(Operation.SUBMIT, 1, [A]), SURE).disturbance is None
    assert judge(script, Call(Operation.QUERY, 1, [A]), SURE).disturbance is not None


def test_the_first_rule_that_holds_wins() -> None:
    script = Script(
        [
            Rule(Action.FAIL, match=Match(key_suffix=":1"), reason="number_ported"),
            Rule(Action.WRONG_AMOUNT),
            Rule(Action.FAIL),
            Rule(Action.SLOW, match=Match(nth=7)),
            Rule(Action.HTML_200),
            Rule(Action.SLOW),
        ]
    )
    verdict = judge(script, Call(Operation.SUBMIT, 1, [A, B]), SURE)
    assert verdict.refusals == {A.key: "number_ported"}
    assert verdict.misquoted == {B.key}
    assert verdict.disturbance == Rule(Action.HTML_200)


def test_single_topups_are_touched_one_by_one() -> None:
    script = Script([Rule(Action.FAIL, match=Match(phone_suffix="0002"))])
    verdict = judge(script, Call(Operation.SUBMIT, 1, [A, B]), SURE)
    assert verdict.refusals == {B.key: "number_closed"}


def test_chance_follows_the_seed() -> None:
    rule = Rule(Action.SLOW, match=Match(probability=0.2))
    calls = disturbed_calls(rule, 1000, seed=7)
    assert calls == disturbed_calls(rule, 1000, seed=7)
    assert calls != disturbed_calls(rule, 1000, seed=8)
    assert 150 < len(calls) < 250


def test_chance_for_a_key_is_the_same_in_every_call() -> None:
    script = Script([Rule(Action.FAIL, match=Match(probability=0.5))])
    topups = [TopUp(f"payout:{n}", "+79000000001", 1) for n in range(200)]
    together = judge(script, Call(Operation.SUBMIT, 1, topups), SURE).refusals
    apart = {
        key
        for number, topup in enumerate(topups, start=9)
        for key in judge(script, Call(Operation.SUBMIT, number, [topup]), SURE).refusals
    }
    assert together.keys() == apart
    assert 60 < len(apart) < 140
