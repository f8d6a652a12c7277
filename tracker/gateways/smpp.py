"""Short messages over SMPP 3.4: the port of notifications; only here are its statuses seen."""

import os
import ssl
import threading
import time
from collections.abc import Sequence

from tracker.gateways.smpp_batch import Batch, Part
from tracker.gateways.smpp_link import NACK, SUBMIT_RESP, Link, LinkLost
from tracker.kit.providers import SmsCentre
from tracker.notifications.ports import Reason, Receipt, ShortMessage

_IDLE = 20.0
"""Seconds after which a link is asked whether it lives: a firewall may have forgotten it."""
_SECONDS_TO_SHOW_LIFE = 2.0
_JOINED = 0x40
"""``esm_class``: the body begins with a header (UDHI)."""
_INTERNATIONAL, _SHORT_CODE, _LETTERS = 1, 3, 5
_E164 = 1


class SmppSms:
    """An SmsGateway. Safe to make before a fork and to share between threads, which take turns.

    ``timeout`` (seconds) bounds a batch as a whole. Messages are handed over in its first half, up
    to the centre's window ahead of the answers, which are awaited to the end. The link is kept
    from batch to batch; when it is lost in the midst of one, it is bound anew once.
    """

    def __init__(self, centre: SmsCentre, timeout: float) -> None:
        self._centre = centre
        self._seconds = timeout
        self._trust = ssl.create_default_context() if centre.tls else None
        self._source = _source(centre.source)
        self._lock = threading.Lock()
        self._mine: tuple[int, Link] | None = None
        self._used_at = 0.0

    def send(self, batch: Sequence[ShortMessage]) -> list[Receipt]:
        """One receipt for each message, in order. Raises ValueError for a key that comes twice.

        The centre knows no keys of ours: sent twice, a message comes twice.
        """
        if len({message.key for message in batch}) != len(batch):
            raise ValueError("a batch holds each key once")
        under_way = Batch(batch)
        if under_way.is_waiting:
            with self._lock:
                self._deliver(under_way)
        return under_way.receipts()

    def close(self) -> None:
        """Let go of the link, if there is one. The next batch makes another."""
        with self._lock:
            self._drop()

    def _deliver(self, batch: Batch) -> None:
        begun = time.monotonic()
        hand_over, until = begun + self._seconds / 2, begun + self._seconds
        reason = self._try(batch, hand_over, until)
        if reason == Reason.CONNECTION_LOST and batch.is_waiting:
            reason = self._try(batch, hand_over, until)
        batch.give_up(Reason.NO_TIME_LEFT if reason == Reason.TIMEOUT else reason)

    def _try(self, batch: Batch, hand_over: float, until: float) -> str:
        """Send what waits; why some was left, should there be any."""
        try:
            link = self._bound(hand_over)
        except LinkLost as lost:
            batch.give_up(lost.reason)
            return lost.reason
        try:
            reason = self._exchange(link, batch, hand_over, until)
        except LinkLost as lost:
            self._drop()
            batch.lost(lost.reason)
            return lost.reason
        self._used_at = time.monotonic()
        if batch.unbound:
            self._drop()
        return reason

    def _exchange(self, link: Link, batch: Batch, hand_over: float, until: float) -> str:
        reason: str = Reason.NO_TIME_LEFT
        while batch.is_waiting or batch.under_way:
            if batch.throttled or batch.unbound:
                reason = Reason.THROTTLED if batch.throttled else Reason.NOT_LET_IN
                batch.give_up(reason)
            elif time.monotonic() >= hand_over:
                batch.give_up(reason)
            else:
                self._fill_window(link, batch, until)
            if batch.under_way:
                self._hear(link, batch, until)
                while batch.under_way and link.has_more():
                    self._hear(link, batch, until)
        return reason

    def _fill_window(self, link: Link, batch: Batch, until: float) -> None:
        octets = b""
        while batch.under_way < self._centre.window and (part := batch.next_part()):
            sequence, written = link.written("submit_sm", **self._source, **_fields(part))
            batch.sent(sequence, part)
            octets += written
        if octets:
            link.send(octets, until)

    def _hear(self, link: Link, batch: Batch, until: float) -> None:
        pdu = link.next(until)
        if pdu.command in (SUBMIT_RESP, NACK):
            batch.answered(pdu)
        elif pdu.is_request:
            link.answer(pdu, until)

    def _bound(self, until: float) -> Link:
        """This process's link: a forked child must not speak over its parent's. Raises LinkLost."""
        if self._mine is not None and not self._is_usable(*self._mine):
            self._drop()
        if self._mine is None:
            self._mine = (os.getpid(), Link(self._centre, self._trust, until))
        return self._mine[1]

    def _is_usable(self, owner: int, link: Link) -> bool:
        if owner != os.getpid():
            return False
        now = time.monotonic()
        until = now + min(_SECONDS_TO_SHOW_LIFE, self._seconds / 4)
        if now - self._used_at > _IDLE:
            return link.is_alive(until)
        try:
            while link.has_more():
                pdu = link.next(until)
                if pdu.is_request:
                    link.answer(pdu, until)
        except LinkLost:
            return False
        return True

    def _drop(self) -> None:
        if self._mine is not None:
            self._mine[1].close()
        self._mine = None


def _source(text: str) -> dict[str, object]:
    """Whom messages come from, as SMPP says it."""
    if text.startswith("+"):
        ton, npi = _INTERNATIONAL, _E164
    elif text.isdecimal():
        ton, npi = _SHORT_CODE, 0
    else:
        ton, npi = _LETTERS, 0
    return {
        "source_addr_ton": ton,
        "source_addr_npi": npi,
        "source_addr": text.removeprefix("+"),
    }


def _fields(part: Part) -> dict[str, object]:
    return {
        "dest_addr_ton": _INTERNATIONAL,
        "dest_addr_npi": _E164,
        "destination_addr": part.phone,
        "data_coding": part.coding,
        "esm_class": _JOINED if part.joined else 0,
        "short_message": part.body,
    }
