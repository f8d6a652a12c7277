"""Why an answer of the operator's billing could not be taken for what it says."""

from enum import StrEnum

from tracker.settlement.ports import KEY_CONFLICT


class Doubt(StrEnum):
    """Reason codes of unknown outcomes; an unexpected HTTP status is ``http_<status>`` instead."""

    NOT_CONNECTED = "not_connected"
    CIRCUIT_OPEN = "circuit_open"
    """Not asked: the operator did not answer lately, or has told us to wait."""
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    TOO_LARGE = "too_large"
    KEY_CONFLICT = KEY_CONFLICT
    """The operator knows the key with another phone or amount."""
    NOT_JSON = "not_json"
    """Another media type, or a body that is no JSON, has names twice, floats or no end."""
    MALFORMED = "malformed"
    """JSON, but not the protocol's: a field missing, extra, or of another kind."""
    MISSING = "missing"
    """The answer leaves this top-up out."""
    REPEATED = "repeated"
    """The answer names this top-up more than once."""
    FOREIGN_KEY = "foreign_key"
    """The answer names a key that was not asked about, so it may be somebody else's."""
    OTHER_AMOUNT = "other_amount"
    INCONSISTENT = "inconsistent"
    """A statement whose lines do not make its count, total, day or order; two words on one key."""
    FOLDER_MISSING = "folder_missing"
    """Registries: one of the four folders is not there, so nobody knows what was sent."""
    NOT_WRITTEN = "not_written"
    """Registries: the file system refused; perhaps it is full."""
    JOURNAL_UNREADABLE = "journal_unreadable"
    """Registries: a file of ours is not as we wrote it."""


class Doubtful(Exception):
    """Nothing certain is known; ``reason`` is a Doubt or ``http_<status>``.

    What was asked for may have been done all the same.
    """

    def __init__(self, reason: str) -> None:
        self.reason = str(reason)
        super().__init__(self.reason)
