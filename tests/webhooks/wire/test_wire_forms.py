"""Forms: what is read, and what two readers could read differently."""

import tracemalloc
from time import process_time
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webhooks.wire.forms import MAX_FIELDS, MAX_SHOWN, NotAForm, decode, values, without


def test_names_and_values_are_decoded() -> None:
    raw = b"a=1+2&%D0%B1=%D1%84&&empty=&bare&eq=x=y&raw=\xd1\x84"
    assert decode(raw) == {"a": "1 2", "б": "ф", "empty": "", "bare": "", "eq": "x=y", "raw": "ф"}


def test_nothing_is_an_empty_form() -> None:
    assert decode(b"") == {}
    assert decode(b"&") == {}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"a=1&a=1", "stands twice"),
        (b"a=1&%61=2", "stands twice"),
        (b"=1", "no name"),
        (b"a=%", "percent sign"),
        (b"a=%4", "percent sign"),
        (b"a=%zz", "percent sign"),
        (b"%u0041=1", "percent sign"),
        (b"a=%ff", "not UTF-8"),
        (b"a=\xff", "not UTF-8"),
        (b"a=%ED%A0%80", "not UTF-8"),
        (b"a=%C0%80", "not UTF-8"),
        (b"a=%00", "NUL"),
        (b"a\0=1", "NUL"),
    ],
)
def test_what_is_not_plain_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(NotAForm, match=why):
        decode(raw)


def test_there_is_a_limit_to_fields() -> None:
    most = b"&".join(b"f%d=1" % number for number in range(MAX_FIELDS))
    assert len(decode(most)) == MAX_FIELDS
    with pytest.raises(NotAForm, match="more than 200"):
        decode(most + b"&g=1")
    with pytest.raises(NotAForm, match="more than 200"):
        decode(b"&" * 1_000_000)


@pytest.mark.parametrize(
    ("raw", "shown", "rest"),
    [
        (b"a=1&key=x%20y&b=2&%6Bey=z", [b"x y", b"z"], b"a=1&b=2"),
        (b"a=1", [], b"a=1"),
        (b"key=%", [b"%"], b""),
        (b"key", [b""], b""),
        (b"key=1&key=2&a=1", [b"1", b"2"], b"a=1"),
        (b"&key=1&a=1", [b"1"], b"&a=1"),
        (b"a=1&&key=1", [b"1"], b"a=1&"),
        (b"%6b%65%79=a=b", [b"a=b"], b""),
        (b"keys=1&akey=1&key%20=1&a=key&Key=1", [], b"keys=1&akey=1&key%20=1&a=key&Key=1"),
    ],
)
def test_a_field_is_taken_out_wherever_it_stands(
    raw: bytes, shown: list[bytes], rest: bytes
) -> None:
    assert (values(raw, "key"), without(raw, "key")) == (shown, rest)


PIECES = [b"key", b"%6bey", b"k%65y", b"ke", b"y", b"%", b"%4", b"=", b"&", b"1", b"+"]


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=15).map(b"".join))
def test_it_is_found_as_who_takes_all_apart_finds_it(raw: bytes) -> None:
    parts = [(part, *part.partition(b"=")) for part in raw.split(b"&")]
    taken = [unquote_to_bytes(name) == b"key" for _, name, _, _ in parts]
    assert values(raw, "key") == [
        unquote_to_bytes(value) for (*_, value), is_it in zip(parts, taken, strict=True) if is_it
    ]
    kept = [part for (part, *_), is_it in zip(parts, taken, strict=True) if not is_it]
    assert without(raw, "key") == b"&".join(kept)


def test_of_a_value_no_more_is_looked_at_than_a_key_may_have() -> None:
    assert values(b"key=" + b"%41" * 100_000, "key") == [b"A" * MAX_SHOWN]
    assert values(b"key=" + b"B" * 100_000, "key") == [b"B" * MAX_SHOWN]


@pytest.mark.parametrize(
    "huge",
    [
        b"%" * 8_000_000,
        b"%41" * 2_700_000,
        b"%6B%65" * 1_300_000,
        b"&" * 8_000_000,
        b"&ke" * 2_700_000,
        b"a=%6B" * 1_600_000,
    ],
    ids=lambda one: f"{one[:6]!r}",
)
def test_looking_for_a_field_in_something_huge_takes_neither_time_nor_memory(huge: bytes) -> None:
    """It is done before anybody is let in."""
    tracemalloc.start()
    began = process_time()
    assert values(huge, "key") == []
    took = process_time() - began
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert took < 1
    assert most < 100_000
