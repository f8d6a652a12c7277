"""Verbs of signing in. The caller owns the unit of work.

``now`` is the real moment, by which sessions go; ``today`` is the business moment, at which a
number was proved.
"""

from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from tracker.access.models import MemberPassword
from tracker.access.passwords import has_password
from tracker.access.rules import UNKNOWN_DEVICE, is_trusted
from tracker.access.sessions import Device, Opened, forget_token, open_session
from tracker.access.signin.rules import Step, StepUp
from tracker.kit.crypto import Keyring
from tracker.members.models import Member, Number
from tracker.members.queries import EMAIL, PHONE, Owner, open_email
from tracker.members.rules import Language, Role
from tracker.notifications.contracts import Kind, Notice
from tracker.notifications.service import notify


def member_named(
    session: Session, keys: Keyring, *, phone: str | None, email: str | None
) -> int | None:
    """Who signs in by a number or an address, each in normal form; None: nobody."""
    if phone is not None:
        owner = _owner(session, keys, phone)
        return owner.member_id if owner else None
    return _by_email(session, keys, email or "")


def is_still_the_password(session: Session, member_id: int, known: str) -> bool:
    """Whether what was compared is still kept; it is kept until the unit of work ends.

    Or a sign-in by the old password could outlive the change that was to end it.
    """
    kept = select(MemberPassword.hash).where(MemberPassword.member_id == member_id)
    return session.scalar(kept.with_for_update()) == known


def begin_session(  # noqa: PLR0917 - two clocks
    session: Session,
    keys: Keyring,
    member_id: int,
    device: Device,
    now: datetime,
    today: datetime,
    *,
    remembered: bool,
    instead_of: str | None,
) -> Opened:
    """Let a member be signed in, and tell them so: when, and on what.

    ``instead_of``: a token that the device came with. It is never gone on with: it ends.
    """
    if instead_of is not None:
        forget_token(session, keys, instead_of, now)
    opened = open_session(session, keys, member_id, device, now, remembered=remembered)
    device_name = "" if opened.label == UNKNOWN_DEVICE else opened.label
    told = {"at": now.isoformat(), "device": device_name}
    notify(session, [Notice(member_id, Kind.SIGNED_IN, f"sign-in:{opened.id}", told)], today)
    return opened


def proved_by_code(
    session: Session, keys: Keyring, phone: str, today: datetime, trust: timedelta
) -> int | StepUp | None:
    """What a right code to a number opens: a member's account, or a second question.

    None when it is nobody's number.
    """
    owner = _owner(session, keys, phone)
    if owner is None:
        return None
    if is_trusted(owner.proved_at, today, trust):
        return owner.member_id if _proved_again(session, owner.number_id, today) else None
    step = _second_question(session, owner.member_id)
    return StepUp(owner.member_id, owner.number_id, owner.proved_at, step)


def prove_number(
    session: Session, number_id: int, before: datetime | None, today: datetime
) -> bool:
    """A number was proved by its member; False when it is not theirs, or was proved meanwhile."""
    done = session.scalars(
        update(Number)
        .where(
            Number.id == number_id,
            Number.ended_at.is_(None),
            Number.proved_at.is_not_distinct_from(before),
        )
        .values(proved_at=today)
        .returning(Number.id)
    )
    return done.first() is not None


def _proved_again(session: Session, number_id: int, today: datetime) -> bool:
    """Note it, if the number is its member's yet: whoever takes it away waits for us, and signs
    out the session that we open."""
    done = session.scalars(
        update(Number)
        .where(Number.id == number_id, Number.ended_at.is_(None))
        .values(proved_at=func.greatest(Number.proved_at, today))
        .returning(Number.id)
    )
    return done.first() is not None


def proved_address(session: Session, keys: Keyring, member_id: int) -> tuple[str, Language] | None:
    """The address that a member proved, and the member's language; None: there is none."""
    row = session.execute(
        select(Member.email_sealed, Member.language).where(
            Member.id == member_id,
            Member.email_proved_at.is_not(None),
            Member.closed_at.is_(None),
        )
    ).one_or_none()
    if row is None or row.email_sealed is None:
        return None
    return open_email(keys, member_id, row.email_sealed), Language(row.language)


def _owner(session: Session, keys: Keyring, phone: str) -> Owner | None:
    """Whose own number it is, if they have not left; by one statement, for nobody too."""
    row = session.execute(
        select(Number.member_id, Number.id, Number.proved_at)
        .join(Member, Member.id == Number.member_id)
        .where(
            Number.hash.in_(keys.hashes(PHONE, phone)),
            Number.role == Role.OWN,
            Number.ended_at.is_(None),
            Member.closed_at.is_(None),
        )
    ).first()
    return Owner(row.member_id, row.id, row.proved_at) if row else None


def _by_email(session: Session, keys: Keyring, email: str) -> int | None:
    """Who proved an address.

    One person may have proved it for two accounts: then it is the one without a number, which
    nothing else opens; else the one that proved it last.
    """
    has_number = exists().where(
        Number.member_id == Member.id, Number.role == Role.OWN, Number.ended_at.is_(None)
    )
    return session.scalar(
        select(Member.id)
        .where(
            Member.email_hash.in_(keys.hashes(EMAIL, email)),
            Member.email_proved_at.is_not(None),
            Member.closed_at.is_(None),
        )
        .order_by(has_number, Member.email_proved_at.desc(), Member.id.desc())
        .limit(1)
    )


def _second_question(session: Session, member_id: int) -> Step | None:
    proved = session.scalar(select(Member.email_proved_at).where(Member.id == member_id))
    if proved is not None:
        return Step.EMAIL_CODE
    return Step.PASSWORD if has_password(session, member_id) else None
