"""What a scheme is asked, and what it answers. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from partners.credentials.rules import Secret
from webhooks.wire.letters import Content, Letter


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter that a scheme has let in: by which secret, under which id, and what it says."""

    secret: Secret
    event_id: str
    content: Content


class Scheme(Protocol):
    """One way to prove where a letter comes from."""

    @property
    def name(self) -> str:
        """As staff and documents call it."""

    @property
    def proves(self) -> str:
        """What follows from it, for people."""

    @property
    def is_trusted(self) -> bool:
        """Whether it proves who wrote the amounts. What is not trusted confirms nothing."""

    def applies(self, letter: Letter) -> bool:
        """Whether the letter carries what this scheme looks at."""

    def check(self, letter: Letter, secrets: Sequence[Secret], now: datetime) -> Shown:
        """Let the letter in. Raises SignatureNotAccepted, and NotAnEvent for what cannot be read
        by any dialect. All secrets are tried, in the same time whichever fits."""
