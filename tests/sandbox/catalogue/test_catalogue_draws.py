"""Draws are the same for ever; what ships depends on it."""

import pytest

from sandbox.catalogue.draws import number, pick, shuffled, weighted


def test_draws_stay_what_they_are() -> None:
    assert [number(f"key:{n}", 1000) for n in range(5)] == [828, 797, 618, 996, 690]


def test_a_pick_reaches_every_option() -> None:
    assert {pick(f"key:{n}", "abc") for n in range(50)} == set("abc")


def test_weights_are_followed() -> None:
    drawn = [weighted(f"key:{n}", {"often": 9, "seldom": 1, "never": 0}) for n in range(1000)]
    assert 850 < drawn.count("often") < 950
    assert drawn.count("never") == 0


def test_nothing_can_be_drawn_from_nothing() -> None:
    with pytest.raises(ValueError, match="nothing to draw from"):
        weighted("key", {"never": 0})


def test_a_shuffle_loses_nothing_and_follows_its_key() -> None:
    items = [str(n) for n in range(100)]
    assert sorted(shuffled("one", items), key=int) == items
    assert shuffled("one", items) == shuffled("one", reversed(items))
    assert shuffled("one", items) != shuffled("two", items)
