"""Tables of who may come in."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.access.rules import Kind, Purpose, Step
from tracker.kit.database import Base, Instant, one_of
from tracker.members.rules import Language


class MemberSession(Base):
    """A member is signed in on a device: until it is signed out, revoked, or runs out.

    All moments are real ones.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint(one_of("kind", Kind), name="kind"),
        Index(None, "member_id"),
        Index(None, "device_hash"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """Keyed hash of the token, which the device alone has."""
    kind: Mapped[str] = mapped_column(Text)
    device_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Keyed hash of what the device calls itself: two members on one device share it."""
    label: Mapped[str] = mapped_column(Text)
    """What the member knows the device by, from its User-Agent."""
    remembered: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    """To the hour or so."""
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class MemberPassword(Base):
    """A member's password, as Argon2id makes it: salt and parameters stand in the text."""

    __tablename__ = "member_passwords"

    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("members.id"), primary_key=True, autoincrement=False
    )
    hash: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(Instant)


class OneTimeCode(Base):
    """The code of one flow and purpose; the next one of the same flow is written over it.

    All moments are real ones: people read codes by the clock on the wall.
    """

    __tablename__ = "one_time_codes"
    __table_args__ = (
        CheckConstraint(one_of("purpose", Purpose), name="purpose"),
        CheckConstraint("attempts BETWEEN 0 AND 5", name="attempts"),
        CheckConstraint("(used_at IS NULL) = (code_hash IS NOT NULL)", name="used_at"),
        UniqueConstraint("purpose", "flow_hash"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    purpose: Mapped[str] = mapped_column(Text)
    flow_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """Keyed hash of what the code is bound to: the token of the request that asked for it."""
    destination_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """Keyed hash of the number or address that it went to."""
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Keyed hash of the code, with all that it is bound to; None: it was used."""
    asked: Mapped[int] = mapped_column(SmallInteger)
    """How often this flow has asked for one."""
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """How often this code was guessed at, right or wrong."""
    resend_at: Mapped[datetime] = mapped_column(Instant)
    """From then on another one may be asked for."""
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class BudgetCount(Base):
    """How often something was done for a subject in the window that began last."""

    __tablename__ = "budget_counts"
    # Written over all the time: there is to be room on its own page.
    __table_args__ = ({"postgresql_with": {"fillfactor": "70"}},)

    scope: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    """What was done, what the subject is, and the window's length in seconds."""
    subject: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """Keyed hash of the number, block, mailbox or address."""
    window_start: Mapped[datetime] = mapped_column(Instant)
    """Real time."""
    count: Mapped[int] = mapped_column(BigInteger)


class UsedCaptcha(Base):
    """A solution that was used, remembered until it would have expired."""

    __tablename__ = "used_captchas"

    nonce: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class Joining(Base):
    """Somebody on the way to become a member. What is personal is wiped at the end of the way."""

    __tablename__ = "joinings"
    __table_args__ = (
        CheckConstraint(one_of("step", Step), name="step"),
        CheckConstraint(one_of("language", Language), name="language"),
        CheckConstraint(
            "step <> 'done' OR num_nonnulls(phone_sealed, email_sealed, referral_sealed) = 0",
            name="done",
        ),
        Index(
            "ix_joinings_to_be_wiped",
            "expires_at",
            postgresql_where=text("phone_sealed IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """Keyed hash of the token, which whoever asked alone has."""
    step: Mapped[str] = mapped_column(Text)
    """What is to be done next."""
    language: Mapped[str] = mapped_column(Text)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """To be read with the key and the token; None once it is over."""
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    referral_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """By what link they came, as they said it."""
    phone_proved_at: Mapped[datetime | None] = mapped_column(Instant)
    """Business time, as of the address; the moments below are real ones."""
    email_proved_at: Mapped[datetime | None] = mapped_column(Instant)
    started_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
