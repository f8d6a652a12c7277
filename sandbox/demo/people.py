"""Who takes part in the demonstration: some shops of the sample catalogue, and made-up members."""

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sandbox.catalogue import SHOPS_CSV
from sandbox.catalogue.draws import number, rank
from sandbox.replay.members import Member

MEMBERS = 400
_SHOPS_OF_A_SECTION = 2
_KEY = "demo"


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop of the catalogue that sends webhooks in the demonstration."""

    slug: str
    category: str


def some_shops() -> list[Shop]:
    """Two of each section that confirm by themselves, in an order that mixes the sections."""
    with SHOPS_CSV.open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if (row["status"], row["on_hold_end"]) == ("active", "confirm")
        ]
    rows.sort(key=lambda row: (row["section"], rank(f"{_KEY}:{row['slug']}")))
    chosen = [
        Shop(row["slug"], row["subsection"])
        for _, section in groupby(rows, key=lambda row: row["section"])
        for row in list(section)[:_SHOPS_OF_A_SECTION]
    ]
    return chosen[::_SHOPS_OF_A_SECTION] + chosen[1::_SHOPS_OF_A_SECTION]


def some_members(before: datetime) -> list[Member]:
    """They joined on different days of the month before a moment."""
    return [
        Member(
            phone=f"+7900{5_550_000 + place}",
            joined_at=before - timedelta(minutes=number(f"{_KEY}:joined:{place}", 30 * 1440)),
        )
        for place in range(MEMBERS)
    ]
