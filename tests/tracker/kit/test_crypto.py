"""What must be read back is encrypted; what is only compared is kept as a keyed hash."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.kit.crypto import CannotDecrypt, decrypt, encrypt, key_from, keyed_hash, new_key

KEY = secrets.token_bytes(32)


@given(st.binary(max_size=100), st.text(st.characters(codec="utf-8"), max_size=20))
def test_what_is_encrypted_comes_back(plain: bytes, purpose: str) -> None:
    assert decrypt(KEY, purpose, encrypt(KEY, purpose, plain)) == plain


def test_the_same_twice_looks_different() -> None:
    assert len({encrypt(KEY, "test", b"same") for _ in range(50)}) == 50


def test_nothing_of_the_plain_text_shows() -> None:
    assert b"whsec" not in encrypt(KEY, "test", b"whsec_very_secret")


def test_another_key_or_purpose_reads_nothing() -> None:
    sealed = encrypt(KEY, "webhook secret of shop 1", b"secret")
    for key, purpose in (
        (secrets.token_bytes(32), "webhook secret of shop 1"),
        (KEY, "webhook secret of shop 2"),
    ):
        with pytest.raises(CannotDecrypt):
            decrypt(key, purpose, sealed)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_what_was_altered_reads_nothing(place: int, change: int) -> None:
    sealed = bytearray(encrypt(KEY, "test", b"secret"))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(CannotDecrypt):
        decrypt(KEY, "test", bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"short", b"x" * 12, b"x" * 27])
def test_what_was_cut_reads_nothing(sealed: bytes) -> None:
    with pytest.raises(CannotDecrypt):
        decrypt(KEY, "test", sealed)


def test_a_new_key_can_be_used_and_is_new() -> None:
    keys = {new_key() for _ in range(10)}
    assert len(keys) == 10
    assert {len(key_from(key)) for key in keys} == {32}


@pytest.mark.parametrize("text", ["", "AAAA", "я" * 43, "!" * 43, "A" * 42])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="urlsafe base64"):
        key_from(text)


def test_a_keyed_hash_depends_on_key_purpose_and_text() -> None:
    base = keyed_hash(KEY, "staff token", "text")
    assert base == keyed_hash(KEY, "staff token", "text")
    others = {
        keyed_hash(secrets.token_bytes(32), "staff token", "text"),
        keyed_hash(KEY, "another purpose", "text"),
        keyed_hash(KEY, "staff token", "texts"),
    }
    assert base not in others
    assert len(others) == 3
