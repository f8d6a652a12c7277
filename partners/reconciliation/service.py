"""Verbs on statements: their format, their file, matching them anew. The caller owns the unit of
work, and audits what was done."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
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
    FileTooLarge,
    FormatNotSaved,
    PartsInvalid,
    State,
    StatementNotFound,
    StatementNotReady,
)
from tracker.kit.database import constraint_name


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


def take(session: Session, shop_id: int, file: File, raw: bytes, who: str) -> ShopStatement:
    """A whole file at once; the statement that it is already, if it is one.

    Raises FormatNotSaved and FileTooLarge.
    """
    made = begin(session, shop_id, file, who)
    add_part(session, made, 1, raw)
    return finish(session, made)


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


def add_part(session: Session, statement: ShopStatement, part: int, raw: bytes) -> None:
    """Keep a part, counted from 1; one that is there already must be the same.

    Raises StatementNotReady, PartsInvalid and FileTooLarge.
    """
    if statement.state != State.UPLOADING:
        raise StatementNotReady(f"statement {statement.id} is {statement.state}")
    if not 0 < len(raw) <= MAX_PART or not 1 <= part <= MAX_PARTS:
        raise FileTooLarge(f"1 to {MAX_PARTS} parts of 1 to {MAX_PART:,} bytes each are taken")
    known = session.get(ShopStatementPart, (statement.id, part))
    if known is None:
        session.add(ShopStatementPart(statement_id=statement.id, part=part, content=raw))
        session.flush()
    elif known.content != raw:
        raise PartsInvalid(f"part {part} is there already, and it is another one")


def finish(session: Session, statement: ShopStatement, sha256: str | None = None) -> ShopStatement:
    """The file is whole: let workers read it. The statement that it is already, if it is one.

    Raises PartsInvalid where parts are missing or the digest is another's.
    """
    if statement.state != State.UPLOADING:
        return statement
    digest, size, parts = _digest(session, statement.id)
    if not parts or sha256 not in (None, digest):
        raise PartsInvalid(f"{parts} parts came, of {size:,} bytes; their SHA-256 is {digest}")
    if known := _same(session, statement, digest):
        return known
    try:
        with session.begin_nested():
            statement.sha256, statement.size = digest, size
            statement.state = str(State.WAITING)
            session.flush()
    except IntegrityError as error:
        if constraint_name(error) != "uq_shop_statements_file":
            raise
        session.refresh(statement)
        return _same(session, statement, digest) or statement
    return statement


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


def _digest(session: Session, statement_id: int) -> tuple[str, int, int]:
    """The SHA-256, the size and the number of the parts. Raises PartsInvalid for a gap."""
    last = session.scalar(
        select(func.max(ShopStatementPart.part)).where(
            ShopStatementPart.statement_id == statement_id
        )
    )
    digest, size = hashlib.sha256(), 0
    for part in range(1, (last or 0) + 1):
        content = part_of(session, statement_id, part)
        if content is None:
            raise PartsInvalid(f"part {part} has not come")
        digest.update(content)
        size += len(content)
    return digest.hexdigest(), size, last or 0


def part_of(session: Session, statement_id: int, part: int) -> bytes | None:
    """The content of a part."""
    query = select(ShopStatementPart.content).where(
        ShopStatementPart.statement_id == statement_id, ShopStatementPart.part == part
    )
    return session.scalar(query)


def _same(session: Session, one: ShopStatement, digest: str) -> ShopStatement | None:
    query = select(ShopStatement).where(
        ShopStatement.shop_id == one.shop_id,
        ShopStatement.sha256 == digest,
        ShopStatement.first_day == one.first_day,
        ShopStatement.last_day == one.last_day,
        ShopStatement.format_sha256 == one.format_sha256,
        ShopStatement.skip_faulty == one.skip_faulty,
        ShopStatement.state != str(State.UPLOADING),
    )
    return session.scalar(query)


def _sha256_of(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
