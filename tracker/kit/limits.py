"""Limits as settings say them: ``number=5/h,number=10/d,all=10000/h``, ``inbox_oldest=120``."""

import re
from collections.abc import Collection
from dataclasses import dataclass

_LIMIT = re.compile(r"(?P<of>[a-z]+)=(?P<count>[0-9]{1,9})/(?P<window>[mhd])", re.ASCII)
_NUMBER = re.compile(r"(?P<of>[a-z_]+) *= *(?P<number>[0-9]{1,15})", re.ASCII)
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Limit:
    """So many times for one ``of``, such as one number, within each window."""

    of: str
    count: int
    seconds: int
    """How long a window is; it begins where the clock divides by it."""


def limits_from(text: str, known: Collection[str]) -> tuple[Limit, ...]:
    """Read a setting that may limit what is ``known``; raises ValueError."""
    limits = tuple(_limit(part.strip(), known) for part in text.split(","))
    if len({(one.of, one.seconds) for one in limits}) < len(limits):
        raise ValueError("says two limits for one window")
    return limits


def numbers_from(text: str) -> dict[str, int]:
    """Read whole numbers by name, ``inbox_oldest=120, proof=0``; raises ValueError."""
    found: dict[str, int] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        match = _NUMBER.fullmatch(part)
        if match is None or match["of"] in found:
            raise ValueError(f"{part!r} is not a name and a whole number, such as inbox_oldest=120")
        found[match["of"]] = int(match["number"])
    return found


def _limit(text: str, known: Collection[str]) -> Limit:
    match = _LIMIT.fullmatch(text)
    if match is None or match["of"] not in known or not int(match["count"]):
        raise ValueError(
            f"{text!r} is not a limit such as {next(iter(known))}=5/h: of {', '.join(known)},"
            " for each m, h or d"
        )
    return Limit(match["of"], int(match["count"]), _SECONDS[match["window"]])
