"""Several at once: one number becomes one member, each step is done once, and ends are clean."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from click.testing import CliRunner
from werkzeug.test import TestResponse

import wsgi
from tests.joining import Newcomer
from tests.signing_in import code_sent, proved, solved, works
from tests.world import World
from tracker.access.cli import commands
from tracker.access.joining.jobs import wipe_expired, wiping_is_due
from tracker.kit.database import unit_of_work


def at_once(acts: Sequence[Callable[[], TestResponse]]) -> list[TestResponse]:
    barrier = threading.Barrier(len(acts))

    def one(act: Callable[[], TestResponse]) -> TestResponse:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def ready(world: World, phone: str, count: int) -> list[Newcomer]:
    """Several who have proved one number, and have the password before them."""
    people = [Newcomer(world, phone, f"mail{n}@example.org") for n in range(count)]
    for one in people:
        one.up_to_the_password()
    return people


def test_of_several_joinings_of_one_number_one_makes_a_member(world: World) -> None:
    people = ready(world, "+79001234567", 4)
    answers = at_once([one.finish for one in people])
    assert Counter(one.status_code for one in answers) == {201: 1, 409: 3}
    refused = {one.get_json()["code"] for one in answers if one.status_code == 409}
    assert refused == {"number_is_a_members"}
    assert len(world.query("SELECT 1 FROM members")) == 1
    assert len(world.query("SELECT 1 FROM member_passwords")) == 1
    (token,) = [one.get_json()["token"] for one in answers if one.status_code == 201]
    assert works(world, token)


def test_a_number_is_taken_over_once(world: World) -> None:
    old = world.member()
    phone = world.phone(old)
    proved(world, old, world.tools.clock.now() - timedelta(days=61))
    answers = at_once([one.finish for one in ready(world, phone, 3)])
    assert Counter(one.status_code for one in answers) == {201: 1, 409: 2}
    assert len(world.query("SELECT 1 FROM members")) == 2
    live = "SELECT 1 FROM numbers WHERE role = 'own' AND ended_at IS NULL"
    assert len(world.query(live)) == 1


def test_the_last_step_sent_twice_is_done_once(world: World) -> None:
    (anna,) = ready(world, "+79001234567", 1)
    answers = at_once([anna.finish] * 4)
    assert Counter(one.status_code for one in answers) == {201: 1, 409: 3}
    assert len(world.query("SELECT 1 FROM sessions")) == 1


def test_a_right_code_sent_twenty_times_succeeds_once(world: World) -> None:
    anna = Newcomer(world)
    anna.begin()
    code = code_sent(world, anna.phone)
    answers = at_once([lambda: anna.send("phone-code", code=code)] * 20)
    assert Counter(one.status_code for one in answers) == {200: 1, 409: 19}


def test_one_captcha_sent_ten_times_begins_one_joining(world: World) -> None:
    asked = [Newcomer(world, f"+7900{n}234567") for n in range(10)]
    solution = solved(world)
    answers = at_once([begin(one, solution) for one in asked])
    assert Counter(one.status_code for one in answers) == {202: 1, 422: 9}


def begin(one: Newcomer, solution: str) -> Callable[[], TestResponse]:
    return lambda: one.begin(captcha=solution)


def test_what_came_to_nothing_is_wiped(world: World) -> None:
    Newcomer(world).up_to_the_password()
    Newcomer(world, "+79001234568").begin()
    with unit_of_work(world.tools.engine) as session:
        assert not wiping_is_due(session, world.tools.clock.now())
    world.change_as_owner(
        "UPDATE joinings SET expires_at = now() - interval '1 s' WHERE step = 'password'"
    )
    with unit_of_work(world.tools.engine) as session:
        assert wiping_is_due(session, world.tools.clock.now())
    assert not wipe_expired(world.tools.engine)
    rows = world.query("SELECT step, phone_sealed, email_sealed FROM joinings ORDER BY id")
    assert (rows[0].phone_sealed, rows[0].email_sealed) == (None, None)
    assert rows[1].phone_sealed
    assert wsgi.tasks_of(world.tools)["joinings"]() is False


def test_what_is_over_is_pruned(world: World) -> None:
    Newcomer(world).up_to_the_password()
    Newcomer(world, "+79001234568").begin()
    tables = {"joinings": 1, "one_time_codes": 2, "used_captchas": 1}
    for table, count in tables.items():
        chosen = f"SELECT ctid FROM {table} ORDER BY expires_at LIMIT {count}"
        world.change_as_owner(
            f"UPDATE {table} SET expires_at = now() - interval '2 days' WHERE ctid IN ({chosen})"
        )
    world.change_as_owner(
        "UPDATE budget_counts SET window_start = now() - interval '3 days' WHERE scope ~ 'prefix'"
    )
    done = CliRunner().invoke(commands, ["prune", "--json"], obj=lambda: world.tools)
    assert done.exit_code == 0, done.output
    left = {name: len(world.query(f"SELECT 1 FROM {name}")) for name in tables}
    assert left == {"joinings": 1, "one_time_codes": 1, "used_captchas": 1}
    assert not world.query("SELECT 1 FROM budget_counts WHERE scope ~ 'prefix'")
    assert world.query("SELECT 1 FROM budget_counts")
