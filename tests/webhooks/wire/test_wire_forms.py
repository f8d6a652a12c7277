"""Forms: what is read, and what two readers could read differently."""

from time import perf_counter

import pytest

from webhooks.wire.forms import MAX_FIELDS, NotAForm, decode, without


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


def test_a_field_is_taken_out_wherever_it_stands() -> None:
    assert without(b"a=1&key=x%20y&b=2&%6Bey=z", "key") == ([b"x y", b"z"], b"a=1&b=2")
    assert without(b"a=1", "key") == ([], b"a=1")
    assert without(b"key=%", "key") == ([b"%"], b"")


def test_taking_a_field_out_of_something_huge_takes_no_time() -> None:
    """It is done before anybody is let in."""
    huge = b"&" * 8_000_000 + b"key=1"
    began = perf_counter()
    values, rest = without(huge, "key")
    assert perf_counter() - began < 0.5
    assert (values, rest) == ([], huge)
    with pytest.raises(NotAForm):
        decode(rest)
