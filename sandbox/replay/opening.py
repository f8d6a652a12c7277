"""Before the first day: the shops, the members, their clicks, and the shops' secrets."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sandbox.catalogue.shop_rows import csv_text
from sandbox.replay.clicks import ClickKey, clicks_csv, issued_ids
from sandbox.replay.commands import Commands
from sandbox.replay.dataset import Dataset
from sandbox.replay.members import members_csv

_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Opening:
    """What shops know before they can report anything."""

    click_ids: Mapping[ClickKey, str]
    keys: Mapping[str, bytes]
    """What each shop signs with."""


def open_programme(dataset: Dataset, commands: Commands, folder: Path, as_of: datetime) -> Opening:
    """Bring everything in, the shops' terms from ``as_of`` on; files for it go to ``folder``."""
    shops, members, clicks = (folder / f"{name}.csv" for name in ("shops", "members", "clicks"))
    shops.write_text(csv_text(dataset.shops))
    commands.text("shops", "import", str(shops), "--as-of", as_of.isoformat())
    members.write_text(members_csv(dataset.members))
    commands.text("members", "import", str(members))
    clicks.write_text(clicks_csv(dataset.clicks))
    click_ids = issued_ids(commands.text("clicks", "import", str(clicks)))
    made = commands.figures("shops", "secret", *(shop.slug for shop in dataset.shops))
    return Opening(click_ids, {one["shop"]: _key(one["secret"]) for one in made})


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_PREFIX))
