"""What must be read back is sealed; what is only compared is kept as a keyed hash."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.kit.crypto import CannotDecrypt, Keyring, key_from, new_key

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
KEYS = Keyring(OLD)
CHANGING = Keyring(NEW, OLD)
CHANGED = Keyring(NEW)


@given(st.binary(max_size=100), st.text(st.characters(codec="utf-8"), max_size=20))
def test_what_is_sealed_comes_back(plain: bytes, purpose: str) -> None:
    assert KEYS.open(purpose, KEYS.seal(purpose, plain)) == plain


def test_the_same_twice_looks_different() -> None:
    assert len({KEYS.seal("test", b"same") for _ in range(50)}) == 50


def test_nothing_of_the_plain_text_shows() -> None:
    assert b"whsec" not in KEYS.seal("test", b"whsec_very_secret")


def test_another_key_or_purpose_reads_nothing() -> None:
    sealed = KEYS.seal("webhook secret of shop 1", b"secret")
    for keys, purpose in (
        (CHANGED, "webhook secret of shop 1"),
        (KEYS, "webhook secret of shop 2"),
    ):
        with pytest.raises(CannotDecrypt):
            keys.open(purpose, sealed)


@given(st.integers(min_value=0), st.integers(1, 255))
def test_what_was_altered_reads_nothing(place: int, change: int) -> None:
    sealed = bytearray(KEYS.seal("test", b"secret"))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(CannotDecrypt):
        KEYS.open("test", bytes(sealed))


@pytest.mark.parametrize("length", [0, 5, 12, 16, 31])
def test_what_was_cut_reads_nothing(length: int) -> None:
    with pytest.raises(CannotDecrypt):
        KEYS.open("test", KEYS.seal("test", b"")[:length])


def test_a_key_can_be_changed() -> None:
    sealed, known = KEYS.seal("test", b"secret"), KEYS.hash("test", "text")
    assert CHANGING.open("test", sealed) == b"secret"
    assert known in CHANGING.hashes("test", "text")
    fresh = CHANGING.seal("test", b"secret")
    assert CHANGED.open("test", fresh) == b"secret"
    assert fresh.startswith(CHANGED.mark)
    assert not sealed.startswith(CHANGED.mark)
    assert CHANGING.hash("test", "text") == CHANGED.hash("test", "text")
    assert CHANGING.hashes("test", "text")[0] == CHANGED.hash("test", "text")


def test_a_key_named_twice_is_one_key() -> None:
    assert len(Keyring(NEW, OLD, NEW).hashes("test", "text")) == 2


def test_no_key_shows() -> None:
    assert repr(CHANGING) == "Keyring of 2"


def test_a_new_key_can_be_used_and_is_new() -> None:
    keys = {new_key() for _ in range(10)}
    assert len(keys) == 10
    assert {len(key_from(key)) for key in keys} == {32}


@pytest.mark.parametrize("text", ["", "AAAA", "я" * 43, "!" * 43, "A" * 42])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="urlsafe base64"):
        key_from(text)


def test_a_keyed_hash_depends_on_key_purpose_and_text() -> None:
    base = KEYS.hash("staff token", "text")
    assert base == KEYS.hash("staff token", "text")
    others = {
        CHANGED.hash("staff token", "text"),
        KEYS.hash("another purpose", "text"),
        KEYS.hash("staff token", "texts"),
    }
    assert base not in others
    assert len(others) == 3
