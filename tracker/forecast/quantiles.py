"""From many play-throughs to the few figures that are told. Pure; sums are whole kopecks."""

from collections.abc import Sequence

QUANTILES = (10, 50, 90)
"""Percent."""


def quantile(values: Sequence[int], percent: int) -> int:
    """The value that so many percent of them do not exceed, interpolated, in whole kopecks."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent
    low = ordered[place // 100]
    high = ordered[min(place // 100 + 1, len(ordered) - 1)]
    return low + ((high - low) * (place % 100) + 50) // 100


def scaled(costs: Sequence[Sequence[int]], times: int, alike: int) -> list[tuple[int, ...]]:
    """Costs of a sample of members as those of ``times`` as many.

    Play-throughs come in groups of ``alike`` that share all but the members' own chances, which
    even out among more members: what groups differ by grows with the number of members, what is
    inside a group with its root; and of the former only what is more than the latter's noise.
    """
    if times == 1:
        return [tuple(one) for one in costs]
    columns = [_scaled(list(column), times, alike) for column in zip(*costs, strict=True)]
    return list(zip(*columns, strict=True))


def _scaled(column: Sequence[int], times: int, alike: int) -> list[int]:
    groups = [column[start : start + alike] for start in range(0, len(column), alike)]
    means = [sum(group) / alike for group in groups]
    mean = sum(means) / len(means)
    inside = sum(
        (one - own) ** 2 for group, own in zip(groups, means, strict=True) for one in group
    ) / max(1, len(groups) * (alike - 1))
    between = sum((own - mean) ** 2 for own in means) / max(1, len(means) - 1)
    true = max(0.0, 1.0 - inside / alike / between) ** 0.5 if between else 0.0
    return [
        round(times * (mean + true * (own - mean)) + times**0.5 * (one - own))
        for group, own in zip(groups, means, strict=True)
        for one in group
    ]
