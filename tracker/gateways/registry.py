"""The operator's billing by files in a folder: the port of settlement (docs/registries.md)."""

import os
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from tracker.gateways.doubts import Doubt, Doubtful
from tracker.gateways.registry_files import KEY, NotWhole, Refused
from tracker.gateways.registry_inbox import Inbox, Word
from tracker.gateways.registry_journal import Journal
from tracker.kit.logs import log
from tracker.settlement.ports import (
    Answer,
    GatewayUnavailable,
    Outcome,
    Reach,
    StatementLine,
    StatementNotYet,
    Told,
    TopUp,
)

MAX_BATCH = 1000
"""Top-ups in one registry."""

FOLDERS = ("out", "in", "sent", "taken")

_PHONE = re.compile(r"\+[0-9]{1,20}", re.ASCII)
_LOG = log("gateways")


class RegistryBilling:
    """A BillingGateway that writes registries and reads acknowledgements.

    What is in the journal was sent, for good; what is not was not. Workers may share the folder
    when its file system knows locks. ``patience`` is in seconds.
    """

    def __init__(self, root: Path, patience: float) -> None:
        self._root = root
        self._journal = Journal(root, patience)
        self._inbox = Inbox(root)

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        """Accepted, once a registry with them lies there for good. What is in the journal already
        is accepted again and not put out again.

        Raises ValueError for a batch that no registry can hold: our mistake, not theirs.
        """
        _check(batch)
        if not batch:
            return []
        try:
            self._look_for_folders()
            with self._journal.held():
                self._put_out(batch)
        except Doubtful as error:
            return [Answer(one.key, Outcome.UNKNOWN, reason=error.reason) for one in batch]
        except OSError as error:
            _LOG.error("registry_not_written", error=str(error))
            return [Answer(one.key, Outcome.UNKNOWN, reason=Doubt.NOT_WRITTEN) for one in batch]
        return [Answer(one.key, Outcome.ACCEPTED) for one in batch]

    def query(self, top_up: TopUp) -> Answer:
        """What the acknowledgements that were taken say; else whether it was put out."""
        key = top_up.key
        try:
            self._look_for_folders()
            words = self._inbox.words(key)
            sent = self._journal.sent([key]).get(key)
            return _of_words(words, top_up) or _of_journal(sent, top_up)
        except Doubtful as error:
            return Answer(key, Outcome.UNKNOWN, reason=error.reason)
        except (OSError, Refused) as error:
            _LOG.error("registry_journal_unreadable", error=str(error))
            return Answer(key, Outcome.UNKNOWN, reason=Doubt.JOURNAL_UNREADABLE)

    def statement(self, day: date) -> Iterator[StatementLine]:
        """The day's statement. Raises StatementNotYet, and GatewayUnavailable when it does not
        add up, also at its end."""
        try:
            self._look_for_folders()
            yield from self._inbox.statement(day)
        except Doubtful as error:
            raise GatewayUnavailable(f"no statement of {day}: {error.reason}") from error
        except FileNotFoundError as error:
            raise StatementNotYet(f"there is no statement of {day} yet") from error
        except (OSError, NotWhole, Refused) as error:
            raise GatewayUnavailable(f"no statement of {day}: {error}") from error

    def reach(self, phones: Sequence[str]) -> list[Reach]:
        """Nobody can be asked: the acknowledgement will tell."""
        return [Reach.NOT_TOLD for _ in phones]

    def told(self) -> Iterator[Told]:
        """The acknowledgements that have come. Raises GatewayUnavailable."""
        try:
            yield from self._inbox.told()
        except OSError as error:
            raise GatewayUnavailable(f"acknowledgements cannot be read: {error}") from error

    def ready(self) -> bool:
        """Whether the folders are there and can be written to."""
        return all(os.access(self._root / one, os.R_OK | os.W_OK | os.X_OK) for one in FOLDERS)

    def _put_out(self, batch: Sequence[TopUp]) -> None:
        self._journal.withdraw_interrupted()
        sent = self._journal.sent(one.key for one in batch)
        if any(sent.get(one.key, one) != one for one in batch):
            raise Doubtful(Doubt.KEY_CONFLICT)
        fresh = [one for one in batch if one.key not in sent]
        if fresh:
            self._journal.put_out(fresh)

    def _look_for_folders(self) -> None:
        """Raises Doubtful: without the journal nothing can be said to be unsent."""
        if not all((self._root / one).is_dir() for one in FOLDERS):
            raise Doubtful(Doubt.FOLDER_MISSING)


def _check(batch: Sequence[TopUp]) -> None:
    if len(batch) > MAX_BATCH or len({one.key for one in batch}) != len(batch):
        raise ValueError(f"a batch is at most {MAX_BATCH} top-ups, each with its own key")
    for one in batch:
        if not (KEY.fullmatch(one.key) and _PHONE.fullmatch(one.phone) and one.amount > 0):
            raise ValueError(f"{one.key!r} cannot be written into a registry")


def _of_words(words: Sequence[Word], top_up: TopUp) -> Answer | None:
    """What the final words on a key come to, if there are any. Raises Doubtful."""
    final = {word for word in words if word[0].outcome is not Outcome.ACCEPTED}
    if len(final) > 1:
        raise Doubtful(Doubt.INCONSISTENT)
    for answer, amount in final or words:
        if amount != top_up.amount:
            raise Doubtful(Doubt.OTHER_AMOUNT)
        return answer
    return None


def _of_journal(sent: TopUp | None, top_up: TopUp) -> Answer:
    """Raises Doubtful when another sum was put out under this key."""
    if sent is None:
        return Answer(top_up.key, Outcome.NOT_FOUND)
    if sent.amount != top_up.amount:
        raise Doubtful(Doubt.KEY_CONFLICT)
    return Answer(top_up.key, Outcome.ACCEPTED)
