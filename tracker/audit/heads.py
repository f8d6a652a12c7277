"""The end of the chain, signed: so whoever writes the whole chain anew is found out.

The signature is a keyed hash under TRACKER_SECRET_KEY, which the database does not have.
"""

import hmac
from collections.abc import Iterator

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.audit.models import AuditHead
from tracker.audit.rules import Break, Head
from tracker.kit.crypto import Keyring
from tracker.kit.errors import Invalid

_PURPOSE = "head of the audit's chain"


class HeadUnreadable(Invalid):
    """That is no head of the audit: ``place:hash:signature`` is expected."""

    code = "head_unreadable"


def head_of(session: Session, keys: Keyring) -> Head | None:
    """The end of the chain as it stands, signed; None while nothing was done."""
    row = session.execute(_LAST).one_or_none()
    if row is None:
        return None
    signature = keys.mark + keys.hash(_PURPOSE, _said(row.place, row.hash))
    return Head(row.place, bytes(row.hash), signature)


def keep_head(session: Session, keys: Keyring) -> Head | None:
    """Keep the end of the chain, if it is another than the last one kept; None: it is not."""
    head = head_of(session, keys)
    if head is None:
        return None
    row = {"place": head.place, "hash": head.hash, "signature": head.signature}
    kept = insert(AuditHead).values(row).on_conflict_do_nothing().returning(AuditHead.place)
    return head if session.scalar(kept) else None


def heads_kept(session: Session) -> list[Head]:
    """All that were kept, the oldest first: some thousands in a year."""
    found = session.scalars(select(AuditHead).order_by(AuditHead.place))
    return [Head(one.place, one.hash, one.signature) for one in found]


def forged(keys: Keyring, heads: list[Head]) -> Iterator[Break]:
    """Heads that were not signed under a key of the ring as they stand.

    Those of a key that is on the ring no more cannot be told from forged ones, and are not told:
    `unknown` counts them.
    """
    for head in heads:
        if keys.has(head.signature) and not _is_signed(keys, head):
            yield Break(head.place, None, "this end of the chain was not signed by us")


def unknown(keys: Keyring, heads: list[Head]) -> int:
    """How many heads were signed under a key that is on the ring no more."""
    return sum(not keys.has(head.signature) for head in heads)


def text_of(head: Head) -> str:
    """A head as a line, to be kept elsewhere."""
    return f"{head.place}:{head.hash.hex()}:{head.signature.hex()}"


def head_from(line: str) -> Head:
    """Read such a line. Raises HeadUnreadable."""
    try:
        place, hashed, signature = line.strip().split(":")
        head = Head(int(place), bytes.fromhex(hashed), bytes.fromhex(signature))
    except ValueError as error:
        raise HeadUnreadable from error
    if head.place < 1 or len(head.hash) != 32:
        raise HeadUnreadable
    return head


def head_is_due(session: Session) -> bool:
    """Whether acts were done since a head was last kept, and that is an hour ago or more."""
    return bool(session.scalar(_DUE))


def _is_signed(keys: Keyring, head: Head) -> bool:
    known = keys.hashes(_PURPOSE, _said(head.place, head.hash))
    return any(hmac.compare_digest(one, head.signature[len(keys.mark) :]) for one in known)


def _said(place: int, hashed: bytes) -> str:
    return f"{place}:{bytes(hashed).hex()}"


_LAST = text("SELECT place, hash FROM audit_chain ORDER BY place DESC LIMIT 1")

_DUE = text("""
    SELECT EXISTS (
        SELECT FROM audit_chain
        WHERE place > coalesce((SELECT max(place) FROM audit_heads), 0)
    ) AND NOT EXISTS (SELECT FROM audit_heads WHERE at > clock_timestamp() - interval '1 hour')
""")
