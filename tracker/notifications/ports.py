"""What notifications ask of the SMS centre and the mail server. Gateways implement it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What became of one message that was handed to a gateway."""

    ACCEPTED = "accepted"
    """The provider has taken it and answers for it from now on."""
    REFUSED = "refused"
    """Never will be: no such number or mailbox, a text that cannot be sent. Do not try again."""
    TEMPORARY = "temporary"
    """Surely not sent: not reached, not let in, throttled, busy. Try again later."""
    UNKNOWN = "unknown"
    """Handed over, and no answer came: it may arrive or not. The caller weighs a second copy
    against none."""


class Reason(StrEnum):
    """Why a message was not accepted, as far as gateways know; a provider's own code is
    ``smpp_<eight hex digits>`` or ``smtp_<three digits>`` instead."""

    NOT_CONNECTED = "not_connected"
    NOT_LET_IN = "not_let_in"
    """The provider knows us not, or not by this password: nothing passes until staff act."""
    NO_TIME_LEFT = "no_time_left"
    """The batch's time was over before it was this message's turn."""
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    GARBAGE = "garbage"
    """The provider said what its protocol does not know."""
    THROTTLED = "throttled"
    """Too much at once: slow down."""
    BAD_ADDRESS = "bad_address"
    """No number or mailbox that a message can be sent to."""
    BAD_TEXT = "bad_text"
    """Empty, too long, or of characters that cannot be sent."""


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """One SMS. ``key`` names the message, not the try: 1 to 64 characters of ``A-Za-z0-9:._-``.

    ``phone`` is E.164 with its plus. A text of any length up to ten parts, in any script.
    """

    key: str
    phone: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail to one mailbox, plain text. ``key`` as of a ShortMessage."""

    key: str
    address: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The word on one key: ``reference`` is the provider's name of what it accepted, ``reason``
    a code for everything else. Neither holds a number, an address or a text."""

    key: str
    outcome: Outcome
    reference: str | None = None
    reason: str | None = None


class SmsGateway(Protocol):
    """The operator's SMS centre, or another's."""

    def send(self, batch: Sequence[ShortMessage]) -> list[Receipt]:
        """One receipt for each message, in order. Never raises for the outside's faults.

        Returns within the gateway's time-out and a moment, whatever the other side does: what it
        did not get to is temporary. Keys within a batch must differ (ValueError).
        """
        ...


class MailGateway(Protocol):
    """A mail server that takes letters from us."""

    def send(self, batch: Sequence[Letter]) -> list[Receipt]:
        """As SmsGateway.send. A letter sent again under its key has the same Message-ID."""
        ...
