"""Verbs on statements: their format, their file, matching them anew. The caller owns the unit of
work, and audits what was done."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from partners.dialects.service import current
from partners.reconciliation.defaults import FORMATS
from partners.reconciliation.formats import check
from partners.reconciliation.models import ShopStatement, ShopStatementFormat, ShopStatementPart
from partners.reconciliation.rules import (
    MAX_PART,
    MAX_PARTS,
    Days,
    FileEmpty,
    FileTooLarge,
    FormatNotSaved,
    PartsInvalid,
    State,
    StatementNotFound,
    StatementNotReady,
)
from tracker.kit.crypto import Keyring
from tracker.kit.database import constraint_name
from tracker.staff.second_person import has_left


@dataclass(frozen=True, slots=True)
class File:
    """What is told of a file before it is there."""

    name: str
    days: Days
    skip_faulty: bool = False


@dataclass(frozen=True, slots=True)
class SavedFormat:
    """How a shop writes its statements; ``id`` None: nobody saved it, its dialect's usual way."""

    id: int | None
    told: Mapping[str, Any]


def save_format(session: Session, shop_id: int, told: Mapping[str, Any], who: str) -> SavedFormat:
    """Let a shop's statements be read so from now on. Raises FormatInvalid."""
    check(told)
    made = ShopStatementFormat(shop_id=shop_id, format=dict(told), set_by=who)
    session.add(made)
    session.flush()
    return SavedFormat(made.id, made.format)


def format_of(session: Session, shop_id: int) -> SavedFormat:
    """How a shop writes its statements. Raises FormatNotSaved."""
    newest = (
        select(ShopStatementFormat)
        .where(ShopStatementFormat.shop_id == shop_id)
        .order_by(ShopStatementFormat.id.desc())
        .limit(1)
    )
    if found := session.scalar(newest):
        return SavedFormat(found.id, found.format)
    dialect = current(session, shop_id).dialect
    if dialect not in FORMATS:
        raise FormatNotSaved(f"save how the shop's statements are written: {dialect} has no way")
    return SavedFormat(None, FORMATS[dialect])


def take(
    session: Session, keys: Keyring, shop_id: int, file: File, *, raw: bytes, who: str
) -> ShopStatement:
    """A whole file at once; the statement that it is already, if it is one.

    Raises FormatNotSaved, FileEmpty and FileTooLarge.
    """
    made = begin(session, shop_id, file, who)
    if known := _same(session, made, hashlib.sha256(raw).hexdigest()):
        return _dropped(session, made, known)
    add_part(session, keys, made, 1, raw)
    return finish(session, keys, made)


def begin(session: Session, shop_id: int, file: File, who: str) -> ShopStatement:
    """A statement whose file comes in parts. Raises FormatNotSaved."""
    told = dict(format_of(session, shop_id).told)
    made = ShopStatement(
        shop_id=shop_id,
        name=file.name,
        first_day=file.days.first,
        last_day=file.days.last,
        format=told,
        format_sha256=_sha256_of(told),
        skip_faulty=file.skip_faulty,
        state=str(State.UPLOADING),
        uploaded_by=who,
    )
    session.add(made)
    session.flush()
    return made


def add_part(
    session: Session, keys: Keyring, statement: ShopStatement, part: int, raw: bytes
) -> None:
    """Keep a part, counted from 1; one that is there already must be the same.

    Raises StatementNotReady, PartsInvalid, FileEmpty and FileTooLarge.
    """
    if statement.state != State.UPLOADING:
        raise StatementNotReady(f"statement {statement.id} is {statement.state}")
    if not raw:
        raise FileEmpty("there is nothing in it")
    if len(raw) > MAX_PART or not 1 <= part <= MAX_PARTS:
        raise FileTooLarge(f"1 to {MAX_PARTS} parts of 1 to {MAX_PART:,} bytes each are taken")
    if session.get(ShopStatementPart, (statement.id, part)) is None:
        sealed = keys.seal(_purpose(statement.id, part), raw)
        session.add(ShopStatementPart(statement_id=statement.id, part=part, sealed=sealed))
        session.flush()
    elif part_of(session, keys, statement.id, part) != raw:
        raise PartsInvalid(f"part {part} is there already, and it is another one")


def finish(
    session: Session, keys: Keyring, statement: ShopStatement, sha256: str | None = None
) -> ShopStatement:
    """The file is whole: let workers read it. The statement that it is already, if it is one.

    Raises PartsInvalid where parts are missing or the digest is another's.
    """
    if statement.state != State.UPLOADING:
        return statement
    digest, size, parts = _digest(session, keys, statement.id)
    if not parts or sha256 not in (None, digest):
        raise PartsInvalid(f"{parts} parts came, of {size:,} bytes; their SHA-256 is {digest}")
    if known := _same(session, statement, digest):
        return _dropped(session, statement, known)
    try:
        with session.begin_nested():
            statement.sha256, statement.size = digest, size
            statement.state = str(State.WAITING)
            session.flush()
    except IntegrityError as error:
        if constraint_name(error) != "uq_shop_statements_file":
            raise
        session.refresh(statement)
        known = _same(session, statement, digest)
        return _dropped(session, statement, known) if known else statement
    return statement


def _dropped(session: Session, made: ShopStatement, known: ShopStatement) -> ShopStatement:
    """The statement that a file is already. It answers for who has left: whoever sends it again."""
    made.state = str(State.DROPPED)
    let_go_of_file(session, made.id)
    if has_left(session, known.uploaded_by):
        known.uploaded_by = made.uploaded_by
    session.flush()
    return known


def match_again(session: Session, statement: ShopStatement) -> None:
    """Let a statement be held against our books as they are now. Raises StatementNotReady."""
    if statement.state not in (State.MATCHED, State.READ):
        raise StatementNotReady(f"statement {statement.id} is {statement.state}")
    statement.state = str(State.READ)
    statement.failures = 0
    session.flush()


def statement_of(
    session: Session, shop_id: int, statement_id: int, *, lock: bool = False
) -> ShopStatement:
    """A statement of a shop. Raises StatementNotFound."""
    query = select(ShopStatement).where(
        ShopStatement.id == statement_id, ShopStatement.shop_id == shop_id
    )
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise StatementNotFound(f"the shop has no statement {statement_id}")
    return found


def _digest(session: Session, keys: Keyring, statement_id: int) -> tuple[str, int, int]:
    """The SHA-256, the size and the number of the parts. Raises PartsInvalid for a gap."""
    last = session.scalar(
        select(func.max(ShopStatementPart.part)).where(
            ShopStatementPart.statement_id == statement_id
        )
    )
    digest, size = hashlib.sha256(), 0
    for part in range(1, (last or 0) + 1):
        content = part_of(session, keys, statement_id, part)
        if content is None:
            raise PartsInvalid(f"part {part} has not come")
        digest.update(content)
        size += len(content)
    return digest.hexdigest(), size, last or 0


def part_of(session: Session, keys: Keyring, statement_id: int, part: int) -> bytes | None:
    """The content of a part; None of one that never came, or was let go of."""
    query = select(ShopStatementPart.sealed).where(
        ShopStatementPart.statement_id == statement_id, ShopStatementPart.part == part
    )
    sealed = session.scalar(query)
    return None if sealed is None else keys.open(_purpose(statement_id, part), sealed)


def let_go_of_file(session: Session, statement_id: int) -> None:
    """The file is read, or will never be: its bytes are kept no longer."""
    session.execute(
        update(ShopStatementPart)
        .where(ShopStatementPart.statement_id == statement_id)
        .values(sealed=None)
    )


def drop_abandoned(session: Session) -> bool:
    """Let go of what was begun a day ago and never finished; True when there was such."""
    dropped = session.scalars(_DROP_ABANDONED).all()
    for one in dropped:
        let_go_of_file(session, one)
    return bool(dropped)


def _purpose(statement_id: int, part: int) -> str:
    return f"shop-statement:{statement_id}:{part}"


def _same(session: Session, one: ShopStatement, digest: str) -> ShopStatement | None:
    query = select(ShopStatement).where(
        ShopStatement.shop_id == one.shop_id,
        ShopStatement.sha256 == digest,
        ShopStatement.first_day == one.first_day,
        ShopStatement.last_day == one.last_day,
        ShopStatement.format_sha256 == one.format_sha256,
        ShopStatement.skip_faulty == one.skip_faulty,
        ShopStatement.state.not_in([State.UPLOADING, State.DROPPED]),
    )
    return session.scalar(query)


def _sha256_of(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


_DROP_ABANDONED = text("""
    UPDATE shop_statements SET state = 'dropped'
    WHERE state = 'uploading' AND uploaded_at < now() - interval '1 day'
    RETURNING id
""")
