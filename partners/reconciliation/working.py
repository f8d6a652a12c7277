"""The workers' part: files are read, statements are matched, what staff accepted is booked."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from io import BufferedReader
from tempfile import TemporaryFile
from typing import IO

from sqlalchemy import Engine

from partners.reconciliation.booking import book_chunk, shops_to_book
from partners.reconciliation.claims import (
    MAX_FAILURES,
    Claim,
    LeaseLost,
    claim,
    hold_on,
    keep_lines,
    keep_matches,
    let_go,
    lock,
    refuse,
)
from partners.reconciliation.formats import check
from partners.reconciliation.matching import match, try_shop
from partners.reconciliation.reading import Reader
from partners.reconciliation.rules import State, StatementRefused
from partners.reconciliation.service import drop_abandoned, let_go_of_file, part_of
from partners.reconciliation.slow_files import Slow
from partners.reconciliation.staging import stage
from tracker.kit.crypto import Keyring
from tracker.kit.database import AWAY, unit_of_work
from tracker.kit.logs import log
from tracker.kit.tasks import OutOfTime
from tracker.purchases.service import Programme

_LOG = log("statements")


def work(engine: Engine, keys: Keyring, programme: Programme) -> bool:
    """Bring one statement a step further, or book a chunk; True when there may be more."""
    with unit_of_work(engine, "statements.claim") as session:
        held = claim(session)
    if held is not None:
        return _further(engine, keys, held)
    with unit_of_work(engine) as session:
        if drop_abandoned(session):
            return True
        shops = shops_to_book(session)
    return _book(engine, programme, shops)


def _book(engine: Engine, programme: Programme, shops: Sequence[int]) -> bool:
    """A chunk of the first shop of which one can be booked: none keeps the others waiting."""
    failed = None
    for shop_id in shops:
        try:
            with unit_of_work(engine, "statements.book") as session:
                if book_chunk(session, programme, shop_id):
                    return True
        except (*AWAY, OutOfTime):
            raise
        except Exception as error:
            _LOG.exception("findings_not_booked", shop_id=shop_id)
            failed = error
    if failed is not None:
        raise failed
    return False


def _further(engine: Engine, keys: Keyring, held: Claim) -> bool:
    try:
        if held.failures > MAX_FAILURES:
            with unit_of_work(engine) as session:
                refuse(session, held, "work on it keeps failing: the log says how")
                let_go_of_file(session, held.id)
            _LOG.error("statement_keeps_failing", statement_id=held.id)
            return True
        return _read(engine, keys, held) if held.state is State.WAITING else _match(engine, held)
    except LeaseLost:
        _LOG.warning("late_statement_fenced_off", statement_id=held.id, fence=held.fence)
        return True


def _read(engine: Engine, keys: Keyring, held: Claim) -> bool:
    """All lines in one unit of work: a file is kept as a whole, or not at all."""
    reader = Reader(check(held.format))
    reached = 0

    def tell(line: int) -> None:
        """Others hear that it is still in hand, and how far it is."""
        nonlocal reached
        reached = line
        with unit_of_work(engine) as beside:
            hold_on(beside, held, line)

    def still() -> None:
        tell(reached)

    try:
        with (
            _file(engine, keys, held.id) as file,
            unit_of_work(engine, "statements.read") as session,
        ):
            staged = stage(session, held, reader, BufferedReader(Slow(file, still)), tell)
            keep_lines(session, held, **asdict(staged))
            let_go_of_file(session, held.id)
    except StatementRefused as error:
        faults = json.dumps(error.fields, ensure_ascii=False)
        with unit_of_work(engine) as session:
            refuse(session, held, error.detail, faults=faults, refused_lines=reader.refused)
            let_go_of_file(session, held.id)
        _LOG.warning("statement_refused", statement_id=held.id, why=error.detail)
    return True


def _match(engine: Engine, held: Claim) -> bool:
    """By one statement of SQL, under the row's lock: nobody else takes it meanwhile."""
    with unit_of_work(engine, "statements.match") as session:
        lock(session, held)
        if not try_shop(session, held.shop_id):
            let_go(session, held)
            return False
        figures = match(session, held)
        keep_matches(session, held, figures)
    _LOG.info("statement_matched", statement_id=held.id, shop_id=held.shop_id)
    return True


@contextmanager
def _file(engine: Engine, keys: Keyring, statement_id: int) -> Iterator[IO[bytes]]:
    """The file's parts together, on disk: a workbook is read from its end."""
    with TemporaryFile() as file:
        for part in range(1, 1_000_000):
            with unit_of_work(engine) as session:
                content = part_of(session, keys, statement_id, part)
            if content is None:
                break
            file.write(content)
        file.seek(0)
        yield file
