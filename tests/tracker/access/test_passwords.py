"""What a password must be like, and how it is kept."""

import time
from datetime import date
from statistics import median

import pytest
from argon2 import PasswordHasher, extract_parameters

from tests.world import World
from tracker.access.password_rules import PasswordNotUsable, check
from tracker.access.passwords import (
    has_password,
    hash_of,
    hash_password,
    is_still,
    keep_password,
    needs_rehash,
    verify,
)
from tracker.kit.database import unit_of_work

GOOD = "Korova-9-letit"


@pytest.mark.parametrize("password", [GOOD, "kY7pQm2x", "Tr4ctorBlueSky", "Aб1z пароль длинный"])
def test_good_ones(password: str) -> None:
    check(password, date(1990, 3, 12))


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("Ab1defg", "characters"),
        ("Ab1" + "x" * 126, "characters"),
        ("abcdefgh1", "upper-case"),
        ("ABCDEFGH1", "lower-case"),
        ("Abcdefghij", "digits"),
        ("Пароль1234", "Latin"),
        ("Password1", "common"),
        ("Qwerty123", "common"),
        ("PASSWORd2026!", "common"),
        ("Iloveyou1", "common"),
        ("Passw\uff4frd1", "common"),
        ("\uff11\uff12\uff13031990Xk", "birth"),
        ("Ae\u0301i\u0301o\u03011", "characters"),
        ("Abab1Abab1Abab1", "easily"),
    ],
)
def test_bad_ones(password: str, why: str) -> None:
    with pytest.raises(PasswordNotUsable) as refused:
        check(password)
    assert why in refused.value.detail
    assert password not in refused.value.detail


@pytest.mark.parametrize(
    "password",
    ["Anna12031990x", "Xk19900312zQ", "Xk-12.03.1990-zQ", "1z2Q0k3m1x9W9v0J", "03Korova12Q1990"],
)
def test_a_full_date_is_refused_though_no_date_of_birth_was_told(password: str) -> None:
    with pytest.raises(PasswordNotUsable, match="birth"):
        check(password)


@pytest.mark.parametrize(
    "password", ["Korova120390Q", "Korova9003-12", "Korova12.3.1990", "Korova-1990-Q-3-12"]
)
def test_of_the_date_that_was_told_other_ways_to_say_it_are_refused_as_well(password: str) -> None:
    with pytest.raises(PasswordNotUsable, match="birth"):
        check(password, date(1990, 3, 12))
    check(password.translate(str.maketrans("39", "58")), date(1990, 3, 12))


def test_it_is_kept_by_argon2id_with_parameters_that_cost() -> None:
    kept = extract_parameters(hash_password(GOOD))
    assert kept.type.name == "ID"
    assert (kept.memory_cost, kept.time_cost, kept.parallelism) == (19 * 1024, 2, 1)
    assert hash_password(GOOD) != hash_password(GOOD)
    assert not needs_rehash(hash_password(GOOD))
    assert needs_rehash(PasswordHasher(time_cost=1, memory_cost=1024).hash(GOOD))


def test_the_right_one_alone_is_right() -> None:
    kept = hash_password(GOOD)
    assert verify(kept, GOOD)
    assert not verify(kept, GOOD + " ")
    assert not verify(kept, "")
    assert not verify(None, GOOD)
    assert not verify("not a hash", GOOD)
    assert not verify(kept, GOOD + "x" * 1000)
    assert not verify(hash_password("x" * 128), "x" * 129)


def test_two_keyboards_write_one_password() -> None:
    assert verify(hash_password("Caf\u00e9-9-letit"), "Cafe\u0301-9-letit")


def test_nobody_takes_as_long_as_somebody() -> None:
    kept = hash_password(GOOD)
    took: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(30):
        known = turn % 2 == 0
        begun = time.perf_counter()
        verify(kept if known else None, "Wrong-password-1")
        took[known].append(time.perf_counter() - begun)
    ratio = median(took[True]) / median(took[False])
    assert 0.5 < ratio < 2


def test_a_member_has_the_last_one(world: World) -> None:
    member, other = world.members(2)
    now = world.tools.clock.now()
    with unit_of_work(world.tools.engine) as session:
        assert not has_password(session, member)
        assert hash_of(session, None) is None
        for password in ("First-1-password", GOOD):
            keep_password(session, member, hash_password(password), now)
        known = hash_of(session, member)
        assert verify(known, GOOD)
        assert is_still(session, member, known)
        assert not is_still(session, member, hash_password(GOOD))
        assert not is_still(session, other, None)
        assert hash_of(session, other) is None
