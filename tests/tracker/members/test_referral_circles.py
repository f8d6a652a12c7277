"""Nobody invites themselves, not round any corner: files in a circle are refused whole."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from tests.inviting import newcomers
from tests.world import World, day
from tracker.kit.database import unit_of_work
from tracker.members.cli import commands
from tracker.members.service import (
    Newcomer,
    ReferrersInACircle,
    _see_no_circle,
    join_many,
)

JOINED = "2010-11-01T00:00:00+03:00"


def imported(world: World, folder: Path, pairs: dict[int, int | None]) -> Result:
    """A file of members and who invited each, by the ends of their numbers."""
    lines = ["phone,joined_at,referrer_phone"]
    for member, inviter in pairs.items():
        named = "" if inviter is None else f"+7904{inviter:07d}"
        lines.append(f"+7904{member:07d},{JOINED},{named}")
    path = folder / "members.csv"
    path.write_text("\n".join(lines) + "\n")
    return CliRunner().invoke(commands, ["import", str(path)], obj=lambda: world.tools)


@pytest.mark.parametrize(
    "pairs",
    [
        {1: 2, 2: 1},
        {1: 2, 2: 3, 3: 4, 4: 5, 5: 1},
        {1: None, 2: 1, 3: 4, 4: 5, 5: 3},
        {1: 2, 2: 3, 3: 2},
    ],
    ids=["two", "five", "three beside an honest pair", "with a tail"],
)
def test_a_file_in_a_circle_is_refused_whole(
    world: World, tmp_path: Path, pairs: dict[int, int | None]
) -> None:
    result = imported(world, tmp_path, pairs)
    assert isinstance(result.exception, ReferrersInACircle)
    assert world.query("SELECT FROM members") == []


def test_a_long_chain_is_none(world: World, tmp_path: Path) -> None:
    chain: dict[int, int | None] = {place: place + 1 for place in range(1, 400)}
    result = imported(world, tmp_path, chain | {400: None})
    assert result.exit_code == 0, result.output
    assert world.query("SELECT count(*) FROM members WHERE referrer_id IS NOT NULL")[0].count == 399


def test_who_is_a_member_already_closes_no_circle(world: World, tmp_path: Path) -> None:
    """1 was there before; a second file says that 2 invited 1, and 1 invited 2."""
    assert imported(world, tmp_path, {1: None}).exit_code == 0
    assert imported(world, tmp_path, {2: 1, 1: 2}).exit_code == 0
    rows = world.query("SELECT id, referrer_id FROM members ORDER BY id")
    assert [row.referrer_id for row in rows] == [None, rows[0].id]


def test_whoever_comes_back_has_no_inviter_by_file_either(world: World) -> None:
    (anna,) = newcomers(world, 1)
    phone = world.phone(anna)
    (boris,) = newcomers(world, 1, anna)
    world.change("UPDATE members SET closed_at = :at WHERE id = :id", at=day(0), id=anna)
    world.change(
        "UPDATE numbers SET ended_at = :at, end_reason = 'closed' WHERE member_id = :id",
        at=day(0),
        id=anna,
    )
    again = Newcomer(phone, day(1), referrer_phone=world.phone(boris))
    with unit_of_work(world.tools.engine) as session:
        joined = join_many(session, world.tools.settings.keys, [again], day(1))[phone]
    (row,) = world.query("SELECT returned, referrer_id FROM members WHERE id = :id", id=joined)
    assert (row.returned, row.referrer_id) == (True, None)


@given(st.dictionaries(st.integers(0, 12), st.integers(0, 12), max_size=12))
def test_a_circle_is_found_wherever_it_is(referrers: dict[int, int]) -> None:
    def leads_back(start: int) -> bool:
        member: int | None = referrers[start]
        for _ in referrers:
            if member == start:
                return True
            member = referrers.get(member) if member is not None else None
        return member == start

    if any(leads_back(one) for one in referrers):
        with pytest.raises(ReferrersInACircle):
            _see_no_circle(referrers)
    else:
        _see_no_circle(referrers)
