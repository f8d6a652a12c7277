"""When a condition holds, and of what."""

import pytest

from tracker.alerts.rules import Condition, LimitsInvalid, Reading, with_limits
from tracker.kit.limits import numbers_from


def condition(*readings: Reading, limit: int = 3) -> Condition:
    return Condition("deep", "The water is deep", "metres", limit, lambda _, __: readings)


@pytest.mark.parametrize(
    ("readings", "held"),
    [
        ([], {}),
        ([Reading("", 3)], {}),
        ([Reading("", 4)], {"": (4, 3)}),
        ([Reading("a", 4), Reading("b", 3), Reading("c", 9)], {"a": (4, 3), "c": (9, 3)}),
        ([Reading("a", 4, limit=5), Reading("b", 1, limit=0)], {"b": (1, 0)}),
        ([Reading("a", 4), Reading("a", 7), Reading("a", 5)], {"a": (7, 3)}),
    ],
)
def test_what_is_above_its_limit_holds(
    readings: list[Reading], held: dict[str, tuple[int, int]]
) -> None:
    found = condition().above(readings)
    assert {name: (one.value, one.limit) for name, one in found.items()} == held


def test_limits_are_changed_by_name() -> None:
    (changed,) = with_limits([condition()], {"deep": 10})
    assert changed.limit == 10
    with pytest.raises(LimitsInvalid, match="wide"):
        with_limits([condition()], {"wide": 10})


def test_numbers_by_name() -> None:
    assert numbers_from("") == {}
    assert numbers_from("a=1, b_c = 20,") == {"a": 1, "b_c": 20}


@pytest.mark.parametrize("text", ["a", "a=", "=1", "a=-1", "a=1.5", "a=1,a=2", "a=١", "a=1;b=2"])
def test_what_is_no_number_by_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a name and a whole number"):
        numbers_from(text)
