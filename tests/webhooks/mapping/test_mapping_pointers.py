"""JSON Pointer, with the cases of RFC 6901 and what a mapping must not take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.kit.formats.sections import escape
from webhooks.mapping.pointer import MAX_PARTS, MAX_TEXT, parse

DOCUMENT = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
    "nothing": None,
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_the_examples_of_the_rfc(text: str, found: object) -> None:
    assert parse(text).find(DOCUMENT) == found


@pytest.mark.parametrize(
    "text",
    ["/nowhere", "/nothing", "/nothing/x", "/foo/2", "/foo/-", "/foo/01", "/foo/-1", "/foo/0/0"],
)
def test_what_is_not_there_is_none(text: str) -> None:
    """Above all, the letters of a string are no list: "/sum/0" is not the sum's first digit."""
    assert parse(text).find(DOCUMENT) is None


@pytest.mark.parametrize(
    "text", ["order", "#/order", "/a~", "/a~2b", "/" + "x" * MAX_TEXT, "/x" * (MAX_PARTS + 1)]
)
def test_what_is_no_pointer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON Pointer|at most"):
        parse(text)


@given(st.lists(st.text(max_size=8), max_size=5))
def test_any_names_can_be_pointed_to(names: list[str]) -> None:
    document: object = "here"
    for name in reversed(names):
        document = {name: document}
    assert parse("".join(f"/{escape(name)}" for name in names)).find(document) == "here"
