"""Members' clicks to shops, before and after the product has given them ids."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ClickKey:
    """What a click is known by while it has no id: a member clicks once to a shop."""

    phone: str
    shop: str


@dataclass(frozen=True, slots=True)
class Click:
    """A member follows the link to a shop, just before first buying there."""

    key: ClickKey
    clicked_at: datetime


def clicks_csv(clicks: Iterable[Click]) -> str:
    """The text that ``tracker clicks import`` reads."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("shop", "phone", "clicked_at"))
    writer.writerows(
        (click.key.shop, click.key.phone, click.clicked_at.isoformat()) for click in clicks
    )
    return text.getvalue()


def issued_ids(text: str) -> dict[ClickKey, str]:
    """The ids of clicks, out of what ``tracker clicks import`` prints."""
    rows = csv.DictReader(io.StringIO(text))
    return {ClickKey(row["phone"], row["shop"]): row["click_id"] for row in rows}
