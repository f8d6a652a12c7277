"""Codes: 115 bits that read back, are forgiving of hands and eyes, and tell a mistype at once."""

import secrets
from os import urandom

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.certificates.codes import (
    LENGTH,
    RANDOM_BITS,
    code_hash,
    code_hashes,
    code_of,
    grouped,
    read_code,
)
from tracker.kit.crypto import Keyring

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHANCE = st.integers(0, 2**RANDOM_BITS - 1)
RANDOM_PART = 23


def test_a_code_has_bits_enough() -> None:
    assert RANDOM_BITS >= 112
    assert len({code_of(secrets.randbits(RANDOM_BITS)) for _ in range(10_000)}) == 10_000


def test_its_form() -> None:
    assert grouped(code_of(0)) == "00000-00000-00000-00000-00000"
    assert grouped(code_of(1)) == "00000-00000-00000-00000-00101"
    # 1,026 is 1, 0, 2 in symbols of five bits; divided by 1,021 it leaves 5.
    assert grouped(code_of(1_026)) == "00000-00000-00000-00000-10205"


@pytest.mark.parametrize("chance", [-1, 2**RANDOM_BITS])
def test_of_other_chance_there_is_none(chance: int) -> None:
    with pytest.raises(ValueError, match="115"):
        code_of(chance)


@given(CHANCE)
def test_what_is_shown_reads_back(chance: int) -> None:
    code = code_of(chance)
    assert len(code) == LENGTH
    assert set(code) <= set(SYMBOLS)
    shown = grouped(code)
    assert [len(one) for one in shown.split("-")] == [5] * 5
    assert read_code(shown) == code
    assert read_code(shown.lower()) == code
    assert read_code(f" {shown.replace('-', ' ')} ") == code
    assert read_code(shown.replace("0", "O").replace("1", "l")) == code
    assert read_code(shown.replace("0", "o").replace("1", "I")) == code


@given(CHANCE, st.integers(0, LENGTH - 1), st.sampled_from(SYMBOLS))
def test_one_symbol_mistyped_is_told(chance: int, place: int, symbol: str) -> None:
    code = code_of(chance)
    other = code[:place] + symbol + code[place + 1 :]
    assert read_code(other) == (code if other == code else None)


@given(CHANCE, st.integers(0, RANDOM_PART - 2))
def test_neighbours_swapped_are_told(chance: int, place: int) -> None:
    code = code_of(chance)
    other = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert read_code(other) == (code if other == code else None)


@pytest.mark.parametrize(
    "told",
    [
        *("", "-", "0" * 24, "0" * 26, "U" * 25, "0" * 24 + "\n", "0" * 10_000),
        *("٠" * 25, "０" * 25, "\u0000" * 25),
    ],
)
def test_what_can_be_no_code(told: str) -> None:
    assert read_code(told) is None


@given(st.text(max_size=70))
def test_whatever_is_told_is_a_code_or_none(told: str) -> None:
    code = read_code(told)
    assert code is None or read_code(code) == code


def test_it_is_found_under_a_former_key() -> None:
    old, new = urandom(32), urandom(32)
    code = code_of(secrets.randbits(RANDOM_BITS))
    kept = code_hash(Keyring(old), code)
    assert kept in code_hashes(Keyring(new, old), code)
    assert kept not in code_hashes(Keyring(new), code)
    assert code.encode() not in kept
