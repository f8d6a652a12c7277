"""What a number must look like."""

import pytest

from tracker.members.rules import PhoneNotUsable, normal_phone


@pytest.mark.parametrize(
    "text",
    ["+79000000001", "8 900 000-00-01", "+7 (900) 000-00-01", "79000000001", " 8(900)0000001 "],
)
def test_one_number_is_written_in_many_ways(text: str) -> None:
    assert normal_phone(text) == "+79000000001"


@pytest.mark.parametrize("text", ["", "900", "phone", "+7900000000100000", "+999123"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(PhoneNotUsable):
        normal_phone(text)
