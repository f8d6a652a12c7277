"""What the door hands over to a trial."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from partners.credentials.rules import Secret
from tracker.kit.errors import TrackerError
from webhooks.inbox.writer import Incoming
from webhooks.trials.marks import Marks, marks_of, why_refused
from webhooks.trials.rules import Outcome
from webhooks.wire.dialect import Dialect
from webhooks.wire.letters import Content, Letter
from webhooks.wire.scheme import Shown


@dataclass(frozen=True, slots=True)
class LetIn:
    """An event that a trial secret has let in."""

    incoming: Incoming
    secret_id: int
    marks: Marks
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """A request to the door of a shop that has a trial, and what was said to it."""

    shop_id: int
    why: Outcome
    error: TrackerError
    marks: Marks
    received_at: datetime
    sha256: bytes
    size: int
    secret_id: int | None = None
    """The trial secret that it has shown; None where nothing shows that it is of the trial."""
    content: Content | None = field(default=None, repr=False)
    """What a secret has let in. Of all else only the hash is kept: nobody stands for it."""
    dialect_id: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Whose door a request came to, and what was spoken there."""

    shop_id: int
    dialect: Dialect
    dialect_id: int | None
    ended: tuple[Secret, ...]
    """Secrets of the trial that hold no more."""

    def refused(
        self, letter: Letter, shown: Shown | None, error: TrackerError, now: datetime
    ) -> Refused:
        """A request that was refused, ``shown`` to be of the trial or by nobody knows whom."""
        why = Outcome.REFUSED
        marks = marks_of(letter)
        if shown is None:
            why = why_refused(error, letter, self.dialect.schemes, self.ended, now)
            raw = letter.body or letter.query
        else:
            raw = shown.content.raw
        return Refused(
            shop_id=self.shop_id,
            why=why,
            error=error,
            marks=marks,
            received_at=now,
            sha256=hashlib.sha256(raw).digest(),
            size=len(raw),
            secret_id=shown.secret.id if shown else None,
            content=shown.content if shown else None,
            dialect_id=self.dialect_id,
        )
