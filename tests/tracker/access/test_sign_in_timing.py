"""Known and unknown numbers take the same time: measured by turns, so that noise meets both."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from statistics import median
from time import perf_counter

from tests.signing_in import by_password, give_email, solved
from tests.world import World
from tracker.access.passwords import hash_password, keep_password
from tracker.kit.database import unit_of_work

ROUNDS = 16
LOOKS = 3
NOISE = 0.25
"""What medians may differ by, as a part of them: far less than a hash, or a message, would cost."""

Way = Callable[[int], object]


def see_alike(ways: Mapping[str, Way]) -> None:
    """In one of three looks the medians are alike: what is always slower is so in each of them."""
    looks = [measured(ways)]
    while len(looks) < LOOKS and not alike(looks[-1]):
        looks.append(measured(ways))
    assert alike(looks[-1]), looks


def alike(times: Mapping[str, float]) -> bool:
    return max(times.values()) <= min(times.values()) * (1 + NOISE)


def measured(ways: Mapping[str, Way]) -> dict[str, float]:
    """The median seconds of each way, one call of each after the other."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for turn in range(ROUNDS):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            began = perf_counter()
            ways[name](turn)
            taken[name].append(perf_counter() - began)
    return {name: median(times) for name, times in taken.items()}


def members_with_password(world: World) -> list[int]:
    members = world.members(ROUNDS)
    hashed = hash_password("Korova-9-letit")
    with unit_of_work(world.tools.engine) as session:
        for member in members:
            keep_password(session, member, hashed, world.tools.clock.now())
    return members


def strangers() -> list[str]:
    return [f"+7901{number:07d}" for number in range(ROUNDS)]


def tries(world: World, names: Sequence[str]) -> Way:
    """A wrong password for each name in turn."""
    return lambda turn: by_password(world, names[turn], "Wrong-password-1")


def test_a_password_for_somebody_and_for_nobody(world: World) -> None:
    known = [world.phone(one) for one in members_with_password(world)]
    without = [world.phone(one) for one in world.members(ROUNDS)]
    see_alike(
        {
            "known": tries(world, known),
            "without a password": tries(world, without),
            "nobody": tries(world, strangers()),
        }
    )


def test_an_address_of_somebody_and_of_nobody(world: World) -> None:
    members = members_with_password(world)
    known = [give_email(world, one, f"a{one}@example.org") for one in members]
    unknown = [f"b{number}@example.com" for number in range(ROUNDS)]
    see_alike({"known": tries(world, known), "nobody": tries(world, unknown)})


def test_a_code_for_somebody_and_for_nobody(world: World) -> None:
    known = [world.phone(one) for one in world.members(ROUNDS)]
    client = world.client()
    captchas = [solved(world) for _ in range(2 * LOOKS * ROUNDS)]
    asked = count()

    def asks(phones: Sequence[str]) -> Way:
        return lambda turn: client.post(
            "/api/v1/sign-in/code",
            json={"phone": phones[turn], "captcha": captchas[next(asked)]},
        )

    see_alike({"known": asks(known), "nobody": asks(strangers())})
    sent = world.query("SELECT count(*) AS count FROM notifications WHERE kind = 'sign_in_code'")
    assert sent[0].count == next(asked)
