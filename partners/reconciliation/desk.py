"""What staff do to statements, kept in the audit. The caller owns the unit of work."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from sqlalchemy.orm import Session

from partners.reconciliation.deciding import WHATEVER, Decided, Expected, Say, Which, decide
from partners.reconciliation.formats import StatementFormat, check
from partners.reconciliation.models import ShopStatement
from partners.reconciliation.reading import Reader, Told
from partners.reconciliation.rules import NotYourUpload
from partners.reconciliation.service import (
    File,
    SavedFormat,
    add_part,
    finish,
    format_of,
    match_again,
    save_format,
    statement_of,
    take,
)
from partners.reconciliation.workbooks import MAX_XML
from partners.shops.service import find
from tracker.audit.service import record
from tracker.kit.crypto import Keyring
from tracker.staff.rules import same_person

SHOWN = 10
"""Lines of a sample that are shown."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What is read of a sample."""

    read: int
    refused: int
    ignored: int
    lines: list[Told]
    """The first of them."""
    faults: Mapping[str, str]


def saved(
    session: Session, slug: str, told: Mapping[str, Any], who: str, *, only_check: bool = False
) -> SavedFormat:
    """Save how a shop writes its statements. Raises ShopNotFound and FormatInvalid."""
    shop = find(session, slug)
    if only_check:
        check(told)
        return SavedFormat(None, told)
    made = save_format(session, shop.id, told, who)
    record(session, who, "statement.format", f"shop:{slug}", after={"format": dict(told)})
    return made


def to_try(session: Session, slug: str, told: Mapping[str, Any] | None) -> StatementFormat:
    """A format to be tried, or the one that holds.

    Raises ShopNotFound, FormatInvalid and FormatNotSaved.
    """
    shop = find(session, slug)
    return check(dict(format_of(session, shop.id).told) if told is None else told)


def tried(form: StatementFormat, sample: IO[bytes], unpacked: int = MAX_XML) -> Tried:
    """Read a sample, with no unit of work open meanwhile; nothing is kept.

    Raises StatementRefused.
    """
    reader = Reader(form, unpacked)
    read, first = 0, []
    for one in reader.read(sample):
        if isinstance(one, Told):
            read += 1
            if read <= SHOWN:
                first.append(one)
    return Tried(read, reader.refused, reader.ignored, first, reader.faults)


def uploaded(
    session: Session, keys: Keyring, slug: str, file: File, *, raw: bytes, who: str
) -> ShopStatement:
    """Take a whole file. Raises ShopNotFound, FormatNotSaved, FileEmpty and FileTooLarge."""
    made = take(session, keys, find(session, slug).id, file, raw=raw, who=who)
    note_upload(session, slug, made, who)
    return made


def with_part(
    session: Session,
    keys: Keyring,
    slug: str,
    statement_id: int,
    *,
    part: int,
    raw: bytes,
    who: str,
) -> ShopStatement:
    """Take a part of a file. Raises what `add_part` and `statement_of` raise, ShopNotFound and
    NotYourUpload."""
    found = _own(session, slug, statement_id, who)
    add_part(session, keys, found, part, raw)
    return found


def finished(
    session: Session, keys: Keyring, slug: str, statement_id: int, *, sha256: str, who: str
) -> ShopStatement:
    """A file is whole. Raises ShopNotFound, StatementNotFound, PartsInvalid and NotYourUpload."""
    found = _own(session, slug, statement_id, who)
    made = finish(session, keys, found, sha256)
    note_upload(session, slug, made, who)
    return made


def _own(session: Session, slug: str, statement_id: int, who: str) -> ShopStatement:
    """A statement that somebody sends themselves: they answer for all of its bytes."""
    found = statement_of(session, find(session, slug).id, statement_id, lock=True)
    if not same_person(found.uploaded_by, who):
        raise NotYourUpload(f"{found.uploaded_by} began statement {statement_id}")
    return found


def note_upload(session: Session, slug: str, made: ShopStatement, who: str) -> None:
    """Keep in the audit which file came."""
    after = {
        "shop": slug,
        "name": made.name,
        "from": made.first_day.isoformat(),
        "to": made.last_day.isoformat(),
        "sha256": made.sha256,
    }
    record(session, who, "statement.upload", f"statement:{made.id}", after=after)


def matched_again(session: Session, slug: str, statement_id: int, who: str) -> ShopStatement:
    """Let a statement be matched anew. Raises ShopNotFound, StatementNotFound and
    StatementNotReady."""
    found = statement_of(session, find(session, slug).id, statement_id, lock=True)
    match_again(session, found)
    record(session, who, "statement.match", f"statement:{found.id}")
    return found


def decided(
    session: Session,
    slug: str,
    statement_id: int,
    which: Which,
    say: Say,
    *,
    expected: Expected = WHATEVER,
) -> Decided:
    """Decide findings. Raises ShopNotFound, StatementNotFound and what `decide` raises."""
    found = statement_of(session, find(session, slug).id, statement_id)
    made = decide(session, found.shop_id, found.id, which, say, expected=expected)
    after = {
        "decision": str(say.decision),
        "findings": made.findings,
        "commission_effect": made.commission_effect,
        "cashback_effect": made.cashback_effect,
    }
    record(
        session,
        say.who.login,
        "statement.decide",
        f"statement:{found.id}",
        reason=say.reason,
        before=which.told(),
        after=after,
    )
    return made
