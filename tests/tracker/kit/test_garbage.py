"""Garbage that refers to itself is looked for between two stretches of work, not within."""

import gc

import pytest

from tracker.kit.garbage import no_search_for_cycles


def test_nobody_searches_within_and_somebody_does_afterwards() -> None:
    with no_search_for_cycles():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_failure_leaves_the_search_on() -> None:
    with pytest.raises(ZeroDivisionError), no_search_for_cycles():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_who_has_turned_it_off_is_left_in_peace() -> None:
    with no_search_for_cycles():
        with no_search_for_cycles():
            pass
        assert not gc.isenabled()
