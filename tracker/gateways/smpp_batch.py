"""What becomes of each message of a batch while its parts go out and answers come. No I/O."""

import hashlib
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from tracker.gateways.smpp_link import SUBMIT_RESP, Pdu, status_reason
from tracker.gateways.sms_text import Parts, Unsendable, parts_of
from tracker.notifications.ports import Outcome, Reason, Receipt, ShortMessage

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_REFERENCE = re.compile(r"[!-~]{1,64}", re.ASCII)

_UNBOUND = 0x00000004
_THROTTLED = {0x00000014, 0x00000058}
"""Its queue is full, or we are too fast."""
_REFUSED = {
    0x00000001: Reason.BAD_TEXT,
    0x0000000B: Reason.BAD_ADDRESS,
    0x00000065: None,  # ESME_RX_P_APPN: permanent
    0x00000066: None,  # ESME_RX_R_APPN: rejected
}
_GRAVITY = [Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.TEMPORARY, Outcome.REFUSED]
"""What a message is when its parts differ. A part that was surely not taken leaves the phone
nothing to join: the whole may be sent again, whatever became of the other parts."""


@dataclass(slots=True)
class _Course:
    """One message's: the word so far, and who answered for its first part."""

    message: ShortMessage
    outcome: Outcome = Outcome.ACCEPTED
    reason: str | None = None
    reference: str | None = None

    def hear(self, outcome: Outcome, reason: str | None) -> None:
        if _GRAVITY.index(outcome) > _GRAVITY.index(self.outcome):
            self.outcome, self.reason = outcome, reason


@dataclass(frozen=True, slots=True)
class Part:
    """One submit_sm to be."""

    place: int
    phone: str
    coding: int
    body: bytes
    joined: bool
    """It is one of several, and its body begins with the header that says so."""


class Batch:
    """Parts that wait, parts that are under way by their sequence number, and what was heard."""

    def __init__(self, messages: Sequence[ShortMessage]) -> None:
        self._courses = [_Course(message) for message in messages]
        self._waiting: deque[Part] = deque()
        self._under_way: dict[int, Part] = {}
        self.throttled = False
        """The centre asks for less: nothing more of this batch is to be sent."""
        self.unbound = False
        """The centre takes us for nobody: bind anew."""
        for place, message in enumerate(messages):
            self._queue(place, message)

    @property
    def is_waiting(self) -> bool:
        """Some parts were not sent."""
        return bool(self._waiting)

    @property
    def under_way(self) -> int:
        """How many parts are without an answer."""
        return len(self._under_way)

    def next_part(self) -> Part | None:
        """The next to be sent; none of a message that will not arrive whole."""
        while self._waiting:
            part = self._waiting.popleft()
            if self._courses[part.place].outcome is Outcome.ACCEPTED:
                return part
        return None

    def sent(self, sequence: int, part: Part) -> None:
        """A part is on its way, or may be."""
        self._under_way[sequence] = part

    def answered(self, pdu: Pdu) -> None:
        """The centre's word on a part; on none of ours, it says nothing."""
        part = self._under_way.pop(pdu.sequence, None)
        if part is None:
            return
        course = self._courses[part.place]
        if pdu.status == 0 and pdu.command == SUBMIT_RESP:
            course.reference = course.reference or _reference(pdu.body)
        elif pdu.status in _REFUSED:
            course.hear(Outcome.REFUSED, _REFUSED[pdu.status] or status_reason(pdu.status))
        elif pdu.status in _THROTTLED:
            self.throttled = True
            course.hear(Outcome.TEMPORARY, Reason.THROTTLED)
        else:
            self.unbound |= pdu.status == _UNBOUND
            course.hear(Outcome.TEMPORARY, status_reason(pdu.status))

    def lost(self, reason: str) -> None:
        """No answer will come to what is under way."""
        for part in self._under_way.values():
            self._courses[part.place].hear(Outcome.UNKNOWN, reason)
        self._under_way.clear()

    def give_up(self, reason: str) -> None:
        """Nothing more will be sent."""
        for part in self._waiting:
            self._courses[part.place].hear(Outcome.TEMPORARY, reason)
        self._waiting.clear()

    def receipts(self) -> list[Receipt]:
        """The word on each message, in order."""
        return [
            Receipt(
                course.message.key,
                course.outcome,
                reference=course.reference if course.outcome is Outcome.ACCEPTED else None,
                reason=course.reason,
            )
            for course in self._courses
        ]

    def _queue(self, place: int, message: ShortMessage) -> None:
        course = self._courses[place]
        if not _PHONE.fullmatch(message.phone):
            course.hear(Outcome.REFUSED, Reason.BAD_ADDRESS)
            return
        try:
            parts = parts_of(message.text, _joint(message.key))
        except Unsendable:
            course.hear(Outcome.REFUSED, Reason.BAD_TEXT)
            return
        self._waiting += _parts(place, message.phone.removeprefix("+"), parts)


def _parts(place: int, phone: str, parts: Parts) -> list[Part]:
    joined = len(parts.bodies) > 1
    return [Part(place, phone, parts.coding, body, joined) for body in parts.bodies]


def _joint(key: str) -> int:
    """The number by which a phone joins parts: sent again, a message has the same."""
    return hashlib.sha256(key.encode()).digest()[0]


def _reference(body: bytes) -> str | None:
    text = body.partition(b"\0")[0].decode("latin-1")
    return text if _REFERENCE.fullmatch(text) else None
