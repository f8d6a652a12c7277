"""What a demonstration must know to go on in the same data folder after it was stopped."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from sandbox.servers.home import write_private

_FILE = "demo.json"


@dataclass(slots=True)
class Memory:
    """Where business time stands, and what was told once and cannot be read again."""

    moment: datetime
    secrets: dict[str, str] = field(default_factory=dict)
    """Webhook secrets, by shop."""
    tokens: dict[str, str] = field(default_factory=dict)
    """API tokens of the staff, by role."""

    @staticmethod
    def is_in(data: Path) -> bool:
        """Whether the folder is a demonstration's."""
        return (data / _FILE).exists()

    @classmethod
    def of(cls, data: Path, start: datetime) -> Self:
        """What is kept in the folder; business time begins at ``start`` if that is nothing."""
        if not cls.is_in(data):
            return cls(start)
        kept = json.loads((data / _FILE).read_text())
        return cls(datetime.fromisoformat(kept["moment"]), kept["secrets"], kept["tokens"])

    def keep(self, data: Path) -> None:
        """For the eyes of the folder's owner alone."""
        told = {**asdict(self), "moment": self.moment.isoformat()}
        write_private(data / _FILE, json.dumps(told, indent=1))
