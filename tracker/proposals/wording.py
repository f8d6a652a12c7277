"""Proposals as people read them: what a number counts is told with it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tracker.kit.money import format_percent, format_rubles
from tracker.proposals.contracts import Unit


def see_units(facts: Mapping[str, Any], units: Mapping[str, Unit]) -> None:
    """Raises ValueError for a whole number of which nobody has said what it counts."""
    unknown = sorted(set(_numbers(facts)) - set(units))
    if unknown:
        raise ValueError(f"what do these count: {', '.join(unknown)}?")


def in_words(facts: Any, units: Mapping[str, Unit], name: str = "") -> Any:
    """Facts as a person reads them: ``"12.50 RUB"`` of 1,250 kopecks, ``"7.50 %"`` of 750 basis
    points. The facts themselves, and their hash, stay as they are."""
    if isinstance(facts, Mapping):
        return {inner: in_words(value, units, inner) for inner, value in facts.items()}
    if isinstance(facts, list | tuple):
        return [in_words(one, units, name) for one in facts]
    if isinstance(facts, int) and not isinstance(facts, bool):
        return _WORDS[units.get(name, Unit.PLAIN)](facts)
    return facts


_WORDS: Mapping[Unit, Callable[[int], Any]] = {
    Unit.PLAIN: lambda number: number,
    Unit.KOPECKS: lambda sum_: f"{format_rubles(sum_)} RUB",
    Unit.BASIS_POINTS: lambda rate: f"{format_percent(rate)} %",
}


def _numbers(facts: Any, name: str = "") -> Iterator[str]:
    if isinstance(facts, Mapping):
        for inner, value in facts.items():
            yield from _numbers(value, inner)
    elif isinstance(facts, list | tuple):
        for one in facts:
            yield from _numbers(one, name)
    elif isinstance(facts, int) and not isinstance(facts, bool):
        yield name
