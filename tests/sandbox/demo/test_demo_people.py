"""Who takes part, and what is remembered of them."""

from datetime import datetime, timedelta
from pathlib import Path

from sandbox.demo.memory import Memory
from sandbox.demo.people import MEMBERS, some_members, some_shops
from tracker.kit.clock import MOSCOW

BEGIN = datetime(2010, 12, 10, tzinfo=MOSCOW)


def test_some_shops_of_every_section() -> None:
    shops = some_shops()
    assert len({shop.slug for shop in shops}) == len(shops) == 12
    assert shops == some_shops()


def test_members_of_made_up_numbers_who_had_joined() -> None:
    members = some_members(BEGIN)
    assert len({member.phone for member in members}) == MEMBERS
    assert all(member.phone.startswith("+7900") and len(member.phone) == 12 for member in members)
    assert all(BEGIN - timedelta(days=31) < member.joined_at <= BEGIN for member in members)


def test_a_folder_without_a_memory_begins_at_the_start(tmp_path: Path) -> None:
    memory = Memory.of(tmp_path, BEGIN)
    assert (memory.moment, memory.secrets, memory.tokens) == (BEGIN, {}, {})


def test_a_memory_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    later = BEGIN + timedelta(days=40)
    kept = Memory(later, {"a-shop": "whsec_1"}, {"operator": "stf_2"})
    kept.keep(tmp_path)
    assert Memory.of(tmp_path, BEGIN) == kept
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]
