"""A number that its member has not proved for long may be somebody else's by now.

Whoever proves to hold it then takes it over: joining and a change of number both come here. The old
member keeps everything else.

``now`` is the real moment, at which sessions end; ``today`` is the business moment, at which
numbers are proved and end.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from tracker.access.rules import is_trusted
from tracker.access.sessions import revoke_all
from tracker.kit.crypto import Keyring
from tracker.kit.logs import log
from tracker.members.models import Number
from tracker.members.queries import PHONE, Owner, owner_of
from tracker.members.rules import Ended, Role
from tracker.members.service import end_number, lock_number
from tracker.notifications.contracts import Kind, Notice
from tracker.notifications.service import notify

_LOG = log("access")


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose a number is, for whoever has just proved to hold it."""

    member_id: int | None
    """Whose it is, or was until now; None: nobody's."""
    free: bool
    """Whether the one who proved it may have it."""


def free_number(
    session: Session,
    keys: Keyring,
    phone: str,
    now: datetime,
    today: datetime,
    *,
    trust: timedelta,
) -> Standing:
    """Take a number, in normal form, from a member who has not proved it for longer than ``trust``.

    That of a member who has is left alone. Until the unit of work ends nobody else can come by it.
    """
    lock_number(session, phone)
    owner = owner_of(session, keys, phone)
    if owner is None:
        _end_as_a_relatives(session, keys, phone, today, today - trust)
        return Standing(None, free=True)
    if is_trusted(owner.proved_at, today, trust):
        return Standing(owner.member_id, free=False)
    end_number(session, owner.number_id, Ended.TAKEN_OVER, today)
    _close_the_way_back(session, keys, phone, owner, now, today, today - trust)
    return Standing(owner.member_id, free=True)


def _close_the_way_back(  # noqa: PLR0917 - all of them say of what
    session: Session,
    keys: Keyring,
    phone: str,
    former: Owner,
    now: datetime,
    today: datetime,
    trusted_since: datetime,
) -> None:
    """Let the number be no way into the former owner's account, and nobody's payout go to it.

    Who is signed in there may have come by the number.
    """
    _end_as_a_relatives(session, keys, phone, today, trusted_since)
    revoke_all(session, former.member_id, now)
    key = f"number:{former.number_id}:taken_over"
    notify(session, [Notice(former.member_id, Kind.NUMBER_CHANGED, key)], today)
    _LOG.warning("number_taken_over", member_id=former.member_id, number_id=former.number_id)


def _end_as_a_relatives(
    session: Session, keys: Keyring, phone: str, today: datetime, trusted_since: datetime
) -> None:
    """Members who pay to a number as a relative's stop, but for those by whom it was confirmed
    since: that was whoever holds it now."""
    session.execute(
        update(Number)
        .where(
            Number.hash.in_(keys.hashes(PHONE, phone)),
            Number.role == Role.RELATIVE,
            Number.ended_at.is_(None),
            or_(Number.proved_at.is_(None), Number.proved_at <= trusted_since),
        )
        .values(ended_at=today, end_reason=str(Ended.TAKEN_OVER))
    )
