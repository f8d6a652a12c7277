"""Ratios of legs and floors."""

import pytest

from benchmarks.legs import Leg, compared, interleaved


def leg(items: int, seconds: float, **cpu: float) -> Leg:
    return Leg(items, seconds, cpu, {"p99_ms": seconds})


def test_contenders_take_turns() -> None:
    order: list[str] = []

    def run(name: str) -> Leg:
        order.append(name)
        return leg(1, 1.0)

    legs = interleaved(2, {"a": lambda: run("a"), "b": lambda: run("b")})
    assert order == ["a", "b", "a", "b"]
    assert {name: len(found) for name, found in legs.items()} == {"a": 2, "b": 2}


def test_each_leg_counts_beside_the_floor_of_its_own_round() -> None:
    legs = [leg(10, 1.0), leg(30, 1.0), leg(50, 1.0)]
    floors = [leg(100, 1.0), leg(100, 1.0), leg(100, 2.0)]
    figure = compared("door", "one", "things/s", legs, floors)
    assert figure.ratios == (0.1, 0.3, 1.0)
    assert (figure.ratio, figure.rate, figure.floor) == (0.3, 30.0, 100.0)


def test_only_the_stack_pays_for_an_item() -> None:
    one = leg(2_000, 4.0, tracker=3.0, postgres=2.0, valkey=1.0, client=100.0)
    assert one.rate == 500.0
    assert one.cpu_per_thousand == 3.0
    figure = compared("door", "one", "things/s", [one], [leg(2_000, 1.0, postgres=1.0)])
    assert (figure.cpu_per_thousand, figure.floor_cpu_per_thousand) == (3.0, 0.5)
    assert figure.busy == {"tracker": 0.75, "postgres": 0.5, "valkey": 0.25, "client": 25.0}
    assert figure.details == {"p99_ms": 4.0}


def test_a_leg_without_its_floor_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        compared("door", "one", "things/s", [leg(1, 1.0)] * 2, [leg(1, 1.0)])
