"""A number that its member has not proved for long may be somebody else's by now.

Whoever proves to hold it then takes it over: joining and a change of number both come here. The old
member keeps everything else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from tracker.access.rules import is_trusted
from tracker.kit.crypto import Keyring
from tracker.members.queries import owner_of
from tracker.members.rules import Ended
from tracker.members.service import end_number, lock_number


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose a number is, for whoever has just proved to hold it."""

    member_id: int | None
    """Whose it is, or was until now; None: nobody's."""
    free: bool
    """Whether the one who proved it may have it."""


def free_number(
    session: Session, keys: Keyring, phone: str, now: datetime, *, trust: timedelta
) -> Standing:
    """Take a number, in normal form, from a member who has not proved it for longer than ``trust``.

    That of a member who has is left alone. Until the unit of work ends nobody else can come by it.
    """
    lock_number(session, phone)
    owner = owner_of(session, keys, phone)
    if owner is None:
        return Standing(None, free=True)
    if is_trusted(owner.proved_at, now, trust):
        return Standing(owner.member_id, free=False)
    end_number(session, owner.number_id, Ended.TAKEN_OVER, now)
    return Standing(owner.member_id, free=True)
