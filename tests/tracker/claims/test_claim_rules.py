"""When a claim may be made, and when an order is the claimed one beyond doubt."""

from datetime import timedelta

import pytest

from tests.events import day
from tracker.claims.rules import (
    MAX_FILE,
    FileNotUsable,
    Finding,
    Known,
    Told,
    TooEarly,
    TooLate,
    compare,
    media_type,
    see_that_it_is_time,
)

ORDERED = day(0)
A_SECOND = timedelta(seconds=1)
TOLD = Told(ORDERED, 100_000)
ME, OTHER = 1, 2


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(hours=72) - A_SECOND, TooEarly),
        (timedelta(hours=72), None),
        (timedelta(days=90), None),
        (timedelta(days=90) + A_SECOND, TooLate),
        (-timedelta(days=1), TooEarly),
    ],
)
def test_a_claim_is_made_from_72_hours_to_90_days(
    passed: timedelta, said: type[Exception] | None
) -> None:
    if said is None:
        see_that_it_is_time(ORDERED, ORDERED + passed)
        return
    with pytest.raises(said):
        see_that_it_is_time(ORDERED, ORDERED + passed)


def known(
    *,
    amount: int = 100_000,
    hours: float = 0,
    member: int | None = None,
    unattributed: bool = True,
    has_click: bool = False,
) -> Known:
    return Known(ORDERED + timedelta(hours=hours), amount, member, unattributed, has_click)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, Finding.UNCLEAR),
        (known(), Finding.CREDIT),
        (known(hours=24), Finding.CREDIT),
        (known(hours=-24), Finding.CREDIT),
        (known(hours=24.1), Finding.UNCLEAR),
        (known(amount=100_001), Finding.UNCLEAR),
        (known(has_click=True), Finding.UNCLEAR),
        (known(unattributed=False), Finding.UNCLEAR),
        (known(member=OTHER, unattributed=False), Finding.UNCLEAR),
        (known(member=ME, unattributed=False, amount=7), Finding.MINE),
    ],
)
def test_only_what_leaves_no_doubt_is_credited_without_a_person(
    found: Known | None, expected: Finding
) -> None:
    assert compare(TOLD, found, ME) is expected


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7 rest", "application/pdf"),
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
    ],
)
def test_files_are_told_by_their_first_bytes(content: bytes, kind: str) -> None:
    assert media_type(content) == kind


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload=x>", b"MZ", b"%PDF-" + b"x" * MAX_FILE, b"GIF89a"]
)
def test_other_files_are_not_taken(content: bytes) -> None:
    with pytest.raises(FileNotUsable):
        media_type(content)
