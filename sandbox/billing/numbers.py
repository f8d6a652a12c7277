"""The sandbox's own rule for which numbers can be topped up."""

import re

_MOBILE = re.compile(r"\+79[0-9]{9}", re.ASCII)

TEST_NUMBERS = {
    "+7999000": "number_not_served",
    "+7999001": "number_closed",
}
"""Prefixes set aside for tests, 10,000 numbers each, and why a top-up of any fails."""


def refusal(phone: str) -> str | None:
    """Why a number cannot be topped up, or None when it can."""
    if not _MOBILE.fullmatch(phone):
        return "number_not_served"
    return next((why for prefix, why in TEST_NUMBERS.items() if phone.startswith(prefix)), None)


def is_served(phone: str) -> bool:
    """Whether a number is the operator's own, as far as is told before anything is paid to it."""
    return refusal(phone) != "number_not_served"
