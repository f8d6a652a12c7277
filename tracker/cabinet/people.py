"""A member as the member sees it, and as staff do."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from tracker.cabinet.rules import MemberState
from tracker.kit.crypto import Keyring
from tracker.members.models import Member
from tracker.members.queries import open_email, owner_of, phones_of
from tracker.members.rules import Language, mask_email, mask_phone, normal_phone
from tracker.members.service import MemberNotFound


@dataclass(frozen=True, slots=True)
class Person:
    """What there is to be seen of a member."""

    id: int
    phone: str | None
    """None: at present the member has no number."""
    email: str | None
    email_proved: bool
    language: Language
    joined_at: datetime
    closed_at: datetime | None
    erased_at: datetime | None
    auto_payment: bool
    returned: bool
    referrer_id: int | None
    referral_code: str

    @property
    def state(self) -> MemberState:
        """How the member stands."""
        if self.erased_at:
            return MemberState.ERASED
        return MemberState.CLOSED if self.closed_at else MemberState.ACTIVE


def person(session: Session, keys: Keyring, member: Member, *, masked: bool) -> Person:
    """A member, with number and address in full or masked."""
    phone = phones_of(session, keys, [member.id]).get(member.id)
    email = open_email(keys, member.id, member.email_sealed) if member.email_sealed else None
    return Person(
        member.id,
        mask_phone(phone) if phone and masked else phone,
        mask_email(email) if masked else email,
        member.email_proved_at is not None,
        Language(member.language),
        member.joined_at,
        member.closed_at,
        member.erased_at,
        member.auto_payment,
        member.returned,
        member.referrer_id,
        member.referral_code,
    )


def anyone(session: Session, member_id: int) -> Member:
    """A member, also one who has left. Raises MemberNotFound."""
    found = session.get(Member, member_id)
    if found is None:
        raise MemberNotFound(f"no member {member_id}")
    return found


def by_phone(session: Session, keys: Keyring, phone: str) -> Member | None:
    """The present owner of a number, as people write it. Raises PhoneNotUsable."""
    owner = owner_of(session, keys, normal_phone(phone))
    return session.get(Member, owner.member_id) if owner else None
