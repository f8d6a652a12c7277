"""JSON that two readers could read differently, or that could not be kept, is no JSON here."""

import json
import re
import time
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.kit.strict_json import MAX_DEPTH, MAX_DIGITS, NotStrictJson, decode

NASTY = {
    "nothing": b"",
    "blanks": b" \n\t",
    "4 kB of brackets": b"[" * 4096,
    "256 KiB of brackets": b"[" * 262_144,
    "256 KiB of objects": b'{"a":' * 43_690,
    "closed, but too deep": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    "a key twice": b'{"a": 1, "a": 2}',
    "a key twice, escaped": b'{"a": 1, "\\u0061": 2}',
    "a key twice, deep inside": b'{"x": [{"y": {"a": 1, "b": 2, "a": 1}}]}',
    "NaN": b"NaN",
    "Infinity": b"[Infinity]",
    "minus Infinity": b'{"a": -Infinity}',
    "a number of 4,000 digits": b"9" * 4000,
    "a fraction of 4,000 digits": b"0." + b"9" * 4000,
    "an exponent out of all bounds": b"1e9999999999999999999",
    "a negative one": b"[1E-9999999999999999999]",
    "an escaped NUL": b'"a\\u0000b"',
    "an escaped NUL in a key": b'{"\\u0000": 1}',
    "a NUL": b'"a\x00b"',
    "a line break in a string": b'"a\nb"',
    "a lone high surrogate": b'"\\ud83d"',
    "a lone low surrogate": b'{"a": ["\\ude00"]}',
    "surrogates the wrong way round": b'"\\ude00\\ud83d"',
    "a surrogate in UTF-8": b'"\xed\xa0\xbd"',
    "a byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without a mark": '{"a": 1}'.encode("utf-16-le"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "an overlong form": b'"\xc0\xaf"',
    "trailing garbage": b'{"a": 1} x',
    "two values": b"{} {}",
    "a trailing comma": b"[1,]",
    "single quotes": b"{'a': 1}",
    "a comment": b"[1] // one",
    "an unquoted key": b"{a: 1}",
    "a leading zero": b"[01]",
    "a plus": b"[+1]",
    "a bare point": b"[.5]",
    "hexadecimal": b"[0x10]",
    "a capital": b"[True]",
}


@pytest.mark.parametrize("body", NASTY.values(), ids=NASTY.keys())
def test_nasty_bodies_are_refused_by_name(body: bytes) -> None:
    with pytest.raises(NotStrictJson):
        decode(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"null", None),
        (b' {"a": [true, 1]} ', {"a": [True, 1]}),
        (b'"\\ud83d\\ude00 \\u044f"', "😀 я"),
        ('"Привет"'.encode(), "Привет"),
        (b"-0", 0),
        (b"1e999", Decimal("1E+999")),
        (b"0.10", Decimal("0.10")),
        (b"9" * MAX_DIGITS, int("9" * MAX_DIGITS)),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, json.loads("[" * MAX_DEPTH + "]" * MAX_DEPTH)),
    ],
)
def test_what_is_sound_is_read(body: bytes, value: Any) -> None:
    read = decode(body)
    assert read == value
    assert type(read) is type(value)


def test_a_key_that_stands_twice_is_named_and_found_fast() -> None:
    """Among as many keys as fit into a body; it once took seconds of a worker's only processor."""
    keys = [f"{number:x}" for number in range(20_000)] + ["4e1f"]
    body = ("{" + ",".join(f'"{key}":0' for key in keys) + "}").encode()
    started = time.process_time()
    with pytest.raises(NotStrictJson, match="'4e1f' stands twice"):
        decode(body)
    assert time.process_time() - started < 1


KEEPABLE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | KEEPABLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEEPABLE, inner, max_size=4),
    max_leaves=10,
)


@given(VALUES, st.booleans())
def test_sound_values_come_through(value: Any, ascii_only: bool) -> None:
    assert decode(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=3)
ANY_VALUES = st.recursive(
    st.integers(0, 9) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=30,
)


@given(ANY_VALUES, st.integers(0, MAX_DEPTH + 2))
def test_what_cannot_be_kept_is_found_wherever_it_stands(value: Any, depth: int) -> None:
    for _ in range(depth):
        value = [value, "x"]
    text = json.dumps(value)
    read = json.loads(text)  # which makes one character of a pair of surrogates
    is_sound = _depth(read) <= MAX_DEPTH and not re.search("[\x00\ud800-\udfff]", _texts(read))
    try:
        assert decode(text.encode()) == read
    except NotStrictJson:
        assert not is_sound
    else:
        assert is_sound


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _texts(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(name + _texts(one) for name, one in value.items())
    if isinstance(value, list):
        return "".join(map(_texts, value))
    return value if isinstance(value, str) else ""


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(NotStrictJson):
        decode(body)
