"""The SMS centre: one connection is one conversation; PDUs are answered as they can be."""

import asyncio
import hmac
import itertools
import re
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine
from contextlib import suppress

from sandbox.messages.faults import Action, On, Rule, Script
from sandbox.messages.frames import (
    HEADER,
    MAX_PDU,
    NACK,
    Command,
    Frame,
    Status,
    Submit,
    Unreadable,
    answer,
    read_bind,
    read_submit,
    written,
)
from sandbox.messages.joining import Joiner
from sandbox.messages.store import Delivered, Store, now
from tracker.kit.providers import SmsCentre

_BINDS = (Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER, Command.BIND_RECEIVER)
_NAME = b"sandbox\0"
_NUMBER = re.compile(r"[1-9][0-9]{6,14}", re.ASCII)
_GARBAGE = b"\0\0\0\7not SMPP"


class Centre:
    """Takes short messages from whoever binds as ``who`` says, and delivers them to the box."""

    def __init__(self, who: SmsCentre, store: Store, script: Script) -> None:
        self._who = who
        self._store = store
        self._script = script
        self._joiner = Joiner()
        self._submitted = itertools.count(1)

    async def attend(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection, until either side ends it."""
        with suppress(asyncio.CancelledError):  # the whole server ends
            await _Conversation(self, reader, writer).run()

    def refusal_of_bind(self, body: bytes) -> Status:
        """OK for the one who is let in."""
        bind = read_bind(body)
        if not hmac.compare_digest(bind.system_id.encode(), self._who.user.encode()):
            return Status.BAD_SYSTEM_ID
        if not hmac.compare_digest(bind.password.encode(), self._who.password.encode()):
            return Status.BAD_PASSWORD
        return Status.OK

    def numbered(self, to: str) -> tuple[int, Rule | None]:
        """The number of a part that was submitted just now, and what befalls it."""
        number = next(self._submitted)
        return number, self._script.judge(On.SMS, number, to)

    def deliver(self, part: Submit, reference: str) -> Status:
        """Keep a part; the message goes to the box when it is whole."""
        if not _NUMBER.fullmatch(part.to):
            return Status.BAD_DESTINATION
        try:
            whole = self._joiner.add(part, reference)
        except Unreadable:
            return Status.BAD_CODING
        if whole is not None:
            self._store.keep(
                Delivered(
                    "sms",
                    now(),
                    f"+{part.to}",
                    part.sender,
                    None,
                    whole.text,
                    whole.reference,
                    whole.parts,
                )
            )
        return Status.OK


class _Conversation:
    """With one client. Slow answers do not hold up those that come after them."""

    def __init__(self, centre: Centre, reader: StreamReader, writer: StreamWriter) -> None:
        self._centre = centre
        self._reader = reader
        self._writer = writer
        self._bound = False
        self._later: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, Unreadable):
                while not self._writer.is_closing():
                    await self._handle(await self._frame())
                    await self._writer.drain()
        finally:
            for task in self._later:
                task.cancel()
            self._writer.close()

    async def _frame(self) -> Frame:
        length, command, status, sequence = HEADER.unpack(
            await self._reader.readexactly(HEADER.size)
        )
        if not HEADER.size <= length <= MAX_PDU:
            self._writer.write(written(NACK, Status.BAD_LENGTH, sequence))
            raise Unreadable
        body = await self._reader.readexactly(length - HEADER.size)
        return Frame(command, status, sequence, body)

    async def _handle(self, frame: Frame) -> None:
        if frame.command in _BINDS:
            self._writer.write(answer(frame, self._bind(frame), _NAME))
        elif frame.command == Command.ENQUIRE:
            self._writer.write(answer(frame, Status.OK))
        elif frame.command == Command.UNBIND:
            self._writer.write(answer(frame, Status.OK))
            self._writer.close()
        elif frame.command == Command.SUBMIT:
            self._submit(frame)
        else:
            self._writer.write(written(NACK, Status.UNKNOWN_COMMAND, frame.sequence))

    def _bind(self, frame: Frame) -> Status:
        if self._bound:
            return Status.BOUND_ALREADY
        refusal = self._centre.refusal_of_bind(frame.body)
        self._bound = refusal is Status.OK and frame.command != Command.BIND_RECEIVER
        return refusal

    def _submit(self, frame: Frame) -> None:
        if not self._bound:
            self._writer.write(answer(frame, Status.NOT_BOUND))
            return
        part = read_submit(frame.body)
        number, rule = self._centre.numbered(part.to)
        reference = f"S{number:09d}"
        match rule.action if rule else None:
            case Action.REFUSE:
                status = (rule and rule.status) or Status.BAD_DESTINATION
                self._writer.write(answer(frame, status))
            case Action.THROTTLE:
                self._writer.write(answer(frame, Status.THROTTLED))
            case Action.TIMEOUT_BEFORE_ACTING:
                pass
            case Action.DROP_BEFORE_ACTING:
                self._cut()
            case Action.SLOW:
                self._start(self._answer_later(frame, part, reference, rule.seconds if rule else 0))
            case action:
                self._answer(frame, part, reference, action)

    def _answer(
        self, frame: Frame, part: Submit, reference: str, action: Action | None = None
    ) -> None:
        """Deliver, and say so if nothing hinders it."""
        status = self._centre.deliver(part, reference)
        if action is Action.DROP_AFTER_ACTING:
            self._cut()
        elif action is Action.GARBAGE:
            self._writer.write(_GARBAGE)
        elif action is None:
            self._writer.write(answer(frame, status, reference.encode() + b"\0"))

    async def _answer_later(
        self, frame: Frame, part: Submit, reference: str, seconds: float
    ) -> None:
        await asyncio.sleep(seconds)
        self._answer(frame, part, reference)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def _cut(self) -> None:
        self._writer.transport.abort()
