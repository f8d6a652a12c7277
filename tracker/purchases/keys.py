"""When two order numbers are likely the same order, written otherwise. Pure.

Two feeds of one shop may write ``A-1001``, ``a1001`` and ``#А1001`` (a Cyrillic letter) for one
sale. Their keys are the same; whether it is one order or two, staff say.
"""

import re
import unicodedata

_MARKS = re.compile(r"[-_./\\#‐‑‒–—−\s]+")
_LOOK_ALIKES = str.maketrans("авекмнорстухёіѕј", "abekmhopctyxeisj")
"""Small Cyrillic letters that look like Latin ones, small or capital."""

_APART = "S:"
_UNPROVED = "U:"
"""No key of an order begins so: keys have no capital letters."""


def order_key(order_id: str) -> str:
    """What order numbers that look alike have in common; the number itself if nothing is left."""
    bare = order_id.replace("№", "")  # NFKC would write it out as "No"
    plain = unicodedata.normalize("NFKC", bare).casefold().translate(_LOOK_ALIKES)
    return _MARKS.sub(_mark, plain).lstrip("0") or order_id


def _mark(found: re.Match[str]) -> str:
    """Marks are left out, but between two digits, where ``12-3`` is not ``1-23``."""
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return "-" if before.isdecimal() and after.isdecimal() else ""


def key_apart(order_id: str) -> str:
    """The key of an order that staff declared different from all that look like it."""
    return _APART + order_id


def key_unproved(order_id: str) -> str:
    """The key of an order that nobody stated, and nobody proved to have said anything of: it stands
    in no other order's way."""
    return _UNPROVED + order_id
