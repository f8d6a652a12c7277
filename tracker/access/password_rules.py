"""What a password must be like. Pure."""

import re
import unicodedata
from datetime import date
from functools import cache

from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from tracker.kit.errors import Invalid

SHORTEST = 8
LONGEST = 128
"""Characters; what is longer is not even looked at."""

_ENOUGH_GUESSES = 10**7
"""So many guesses, best first, are tried before it: at ten an hour, for a hundred years."""

_LOOKED_AT = 64
_YEARS = range(1900, 2100)
_NEEDED = {
    "upper-case Latin letters": re.compile(r"[A-Z]"),
    "lower-case Latin letters": re.compile(r"[a-z]"),
    "digits": re.compile(r"[0-9]"),
}


class PasswordNotUsable(Invalid):
    """The password is too short, too common, or says a date of birth."""

    code = "password_not_usable"


def normal_password(text: str) -> str:
    """One form of what several keyboards write in several ways."""
    return unicodedata.normalize("NFKC", text)


def check(password: str, birth_date: date | None = None) -> None:
    """Raises PasswordNotUsable, which does not repeat it.

    Of dates of birth any that is written in full is refused; of the one that is known, also what
    people make of it: ``1203`` and ``90``, without zeros, the year last or first.
    """
    is_too_long = len(password) > LONGEST
    # What is kept is the normal form: a common one in full-width letters is a common one.
    password = normal_password(password[:LONGEST])
    if is_too_long or len(password) < SHORTEST:
        raise _not_usable(f"{SHORTEST} to {LONGEST} characters are needed")
    missing = [name for name, kind in _NEEDED.items() if not kind.search(password)]
    if missing:
        raise _not_usable(f"{', '.join(missing)} are needed")
    if _is_common(password):
        raise _not_usable("it is on a list of common passwords")
    if _says_a_date(password, birth_date):
        raise _not_usable("a date of birth is known to others")
    if int(zxcvbn(password[:_LOOKED_AT])["guesses"]) < _ENOUGH_GUESSES:
        raise _not_usable("it is guessed too easily")


def _not_usable(why: str) -> PasswordNotUsable:
    return PasswordNotUsable(why, fields={"password": why})


@cache
def _common() -> frozenset[str]:
    """Some 30,000 passwords that leaked most often."""
    return frozenset(FREQUENCY_LISTS["passwords"])


def _is_common(password: str) -> bool:
    """As it is, and without what people put behind it to please a rule."""
    plain = password.casefold()
    bare = plain.rstrip("0123456789!?.,*#@$_-+")
    return plain in _common() or (len(bare) * 2 >= len(plain) and bare in _common())


def _says_a_date(password: str, birth_date: date | None) -> bool:
    digits = re.sub(r"[^0-9]", "", password)
    if birth_date and any(form in digits for form in _forms(birth_date)):
        return True
    return any(_is_date(digits[start : start + 8]) for start in range(len(digits) - 7))


def _forms(day: date) -> set[str]:
    year, short = f"{day.year:04}", f"{day.year % 100:02}"
    months, days = {f"{day.month:02}", str(day.month)}, {f"{day.day:02}", str(day.day)}
    found = set()
    for in_month in days:
        for month in months:
            for way in (year, short):
                found |= {in_month + month + way, month + in_month + way}
                found |= {way + month + in_month, way + in_month + month}
    # Four digits or fewer stand in too many numbers.
    return {form for form in found if len(form) > 4}


def _is_date(digits: str) -> bool:
    ways = ((4, 2, 0), (0, 4, 6), (4, 0, 2), (0, 6, 4))
    for year, month, day in ways:
        numbers = int(digits[year : year + 4]), int(digits[month : month + 2])
        if numbers[0] in _YEARS and _exists(*numbers, int(digits[day : day + 2])):
            return True
    return False


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
