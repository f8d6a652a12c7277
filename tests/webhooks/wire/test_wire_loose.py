"""Reading the words of others: everything at fault is found, nothing is guessed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from webhooks.errors import EventInvalid
from webhooks.wire.loose import MAX_FAULTS, LooseReader, each, refuse
from webhooks.wire.reading import Faults


def read(method: str, value: Any, *args: Any, **more: Any) -> tuple[Any, dict[str, str]]:
    """What a method of the reader makes of a field, and the faults."""
    faults = Faults()
    found = getattr(LooseReader({"it": value}, faults), method)("it", *args, **more)
    return found, faults


@pytest.mark.parametrize(
    ("method", "value", "args", "found"),
    [
        ("label", 105956531, (), "105956531"),
        ("label", "A-1", (), "A-1"),
        ("optional_label", "", (), None),
        ("choice", "APPROVED", (("approved", "pending"),), "approved"),
        ("written", "APPROVED", (), "APPROVED"),
        ("note", "x" * 600, (), "x" * 500),
        ("pieces", "12", (), 12),
        ("pieces", 12, (), 12),
        ("pieces", "", (), 1),
        ("pieces", None, (), 1),
        ("unix", "1291191965", (), datetime(2010, 12, 1, 8, 26, 5, tzinfo=UTC)),
        ("unix", 1291191965, (), datetime(2010, 12, 1, 8, 26, 5, tzinfo=UTC)),
        (
            "moment_in_utc",
            "2010-12-01 08:26:05",
            (),
            datetime(2010, 12, 1, 8, 26, 5, tzinfo=UTC),
        ),
        ("optional_amount", "", (), None),
        ("optional_currency", None, (), None),
    ],
)
def test_what_is_good_is_taken(method: str, value: Any, args: tuple[Any, ...], found: Any) -> None:
    assert read(method, value, *args) == (found, {})


@pytest.mark.parametrize(
    ("method", "value", "args"),
    [
        ("label", True, ()),
        ("label", None, ()),
        ("label", " a", ()),
        ("label", "a\u202eb", ()),
        ("label", "я" * 101, ()),
        ("choice", "paid", (("approved",),)),
        ("choice", ["approved"], (("approved",),)),
        ("choice", None, (("approved",),)),
        ("amount", "-1", ()),
        ("amount", None, ()),
        ("pieces", "0", ()),
        ("pieces", "1.5", ()),
        ("pieces", "-1", ()),
        ("pieces", True, ()),
        ("pieces", 10**10, ()),
        ("unix", "x", ()),
        ("unix", 10**30, ()),
        ("unix", "999999999999", ()),
        ("unix", 5, ()),
        ("unix", True, ()),
        ("moment_in_utc", "2010-13-01 08:26:05", ()),
        ("moment_in_utc", "2010-12-01T08:26:05Z", ()),
    ],
)
def test_what_is_not_is_a_fault(method: str, value: Any, args: tuple[Any, ...]) -> None:
    _, faults = read(method, value, *args)
    assert list(faults) == ["it"]


@pytest.mark.parametrize(
    ("value", "found"), [(True, True), ("1", True), ("FALSE", False), (0, False), (None, True)]
)
def test_flags_are_words_and_digits_too(value: Any, found: bool) -> None:
    assert read("flag", value, otherwise=True) == (found, {})


@pytest.mark.parametrize("value", ["yes", 2, [], "nan"])
def test_other_flags_are_faults(value: Any) -> None:
    assert list(read("flag", value, otherwise=True)[1]) == ["it"]


def test_items_of_a_list_are_named_by_their_place() -> None:
    faults = Faults()
    for item in each([{"id": "a"}, 5, {"id": ""}], faults, 3):
        item.label("id")
    assert set(faults) == {"[1]", "[1].id", "[2].id"}


def test_a_batch_full_of_faults_tells_the_first_of_them() -> None:
    faults = {f"[{number}].id": "is missing" for number in range(5_000)}
    with pytest.raises(EventInvalid) as refused:
        refuse(faults)
    told = refused.value.fields
    assert len(told) == MAX_FAULTS + 1
    assert told["body"] == "has 5000 faults; the first 100 are told"
    refuse({})
