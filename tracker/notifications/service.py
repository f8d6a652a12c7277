"""The room's verbs: queueing what is to be sent. The caller owns the unit of work.

After the commit the edge may nudge `TASKS`; the scheduler looks every second in any case.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.members.rules import Language
from tracker.notifications.contracts import CHOOSABLE, Channel, Kind, Notice
from tracker.notifications.rules import CODES, MANNERS, channel_of, check

TASKS = {Channel.SMS: "notifications-sms", Channel.EMAIL: "notifications-email"}
"""The workers' tasks by channel."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What is sealed of a message to a given number or address until it is sent."""

    to: str
    code: str | None
    """None: it is a notice."""


def notify(session: Session, notices: Sequence[Notice], now: datetime) -> None:
    """Queue notices to members, each in the member's language and by the channel of their choice.

    One statement for all of them; nothing is queued for those who have left, chose no notices on
    the topic, or would be written to at an address that they have not proved. A key that was used
    before is not used again. ``now`` is the business moment of what they tell.

    Raises ValueError for a notice that could not be put into words.
    """
    if not notices:
        return
    for one in notices:
        check(one)
    given = [
        {"key": one.key, "kind": one.kind, "member_id": one.member_id, "payload": dict(one.values)}
        for one in notices
    ]
    # As one JSON value, and not as arrays: of texts with quotes those are slow to write.
    session.execute(_NOTIFY, {"notices": json.dumps(given), **_HOW, "at": now})


def notify_at(
    session: Session,
    keys: Keyring,
    notice: Notice,
    now: datetime,
    *,
    phone: str | None = None,
    email: str | None = None,
) -> None:
    """Queue a notice to a number or an address, in normal form, that the member had until now.

    Whoever is being shut out of an account hears of it where they were reached before. Sealed, and
    wiped as soon as it is sent; its key has to be another one than that of the member's own notice.

    Raises ValueError for a notice that could not be put into words.
    """
    check(notice)
    manner = MANNERS[notice.kind]
    values: dict[str, Any] = {
        "key": notice.key,
        "kind": str(notice.kind),
        "channel": str(_channel(phone, email)),
        "member": notice.member_id,
        "payload": json.dumps(dict(notice.values)),
        "sealed": _sealed(keys, notice.key, Inside(phone or email or "", None)),
        "urgent": manner.urgent,
        "at": now,
        "lifetime": manner.lifetime,
    }
    session.execute(_NOTIFY_AT, values)


_HOW: Mapping[str, list[Any]] = {
    "of_kinds": [str(kind) for kind in MANNERS],
    "topics": [str(one.topic) for one in MANNERS.values()],
    "channels": [str(channel_of(one)) for one in MANNERS.values()],
    "choosable": [one.topic in CHOOSABLE for one in MANNERS.values()],
    "urgent": [one.urgent for one in MANNERS.values()],
    "lifetimes": [one.lifetime for one in MANNERS.values()],
}
"""The manners as columns: told once a statement and not once a notice."""


def send_code(
    session: Session,
    keys: Keyring,
    kind: Kind,
    *,
    phone: str | None = None,
    email: str | None = None,
    code: str,
    language: Language,
    now: datetime,
    expires_at: datetime,
    key: str,
) -> None:
    """Queue a code to a number or an address, in normal form, whosever it is.

    Who is told what is only decided when it is sent: a code for signing in goes to members alone,
    and a member who would join once more is told so instead. So a request does the same work, and
    takes the same time, for numbers that are known and those that are not. ``expires_at`` is when
    the code is of no more use, by the clock that told ``now``.
    """
    if kind not in CODES:
        raise ValueError(f"{kind} is no code")
    values: dict[str, Any] = {
        "key": key,
        "kind": str(kind),
        "channel": str(_channel(phone, email)),
        "sealed": _sealed(keys, key, Inside(phone or email or "", code)),
        "language": str(language),
        "at": now,
        "lifetime": (expires_at - now).total_seconds(),
    }
    session.execute(_SEND_CODE, values)


def open_sealed(keys: Keyring, key: str, sealed: bytes) -> Inside:
    """What `send_code` or `notify_at` sealed. Raises CannotDecrypt."""
    return Inside(*json.loads(keys.open(_purpose(key), sealed)))


def _sealed(keys: Keyring, key: str, inside: Inside) -> bytes:
    return keys.seal(_purpose(key), json.dumps([inside.to, inside.code]).encode())


def _purpose(key: str) -> str:
    """Binds what is sealed to its row."""
    return f"code of notification {key}"


def _channel(phone: str | None, email: str | None) -> Channel:
    if (phone is None) == (email is None):
        raise ValueError("it goes to one number or one address")
    return Channel.SMS if phone is not None else Channel.EMAIL


_NOTIFY = text("""
    INSERT INTO notifications (key, kind, channel, member_id, payload, language, urgent, at,
                               expires_at)
    SELECT key, kind, chosen.channel, member.id, payload, member.language, urgent,
           CAST(:at AS timestamptz), clock_timestamp() + make_interval(secs => lifetime)
    FROM jsonb_to_recordset(CAST(:notices AS jsonb))
         AS given (key text, kind text, member_id bigint, payload jsonb)
    JOIN members AS member ON member.id = given.member_id AND member.closed_at IS NULL
    JOIN unnest(CAST(:of_kinds AS text[]), CAST(:topics AS text[]), CAST(:channels AS text[]),
                CAST(:choosable AS boolean[]), CAST(:urgent AS boolean[]),
                CAST(:lifetimes AS double precision[]))
         AS manner (kind, topic, channel, choosable, urgent, lifetime) USING (kind)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN choosable THEN coalesce(member.choices ->> topic, manner.channel)
                    WHEN member.email_proved_at IS NULL THEN 'sms'
                    WHEN manner.channel = 'sms' AND NOT EXISTS (
                        SELECT FROM numbers
                        WHERE numbers.member_id = member.id AND role = 'own' AND ended_at IS NULL
                    ) THEN 'email'
                    ELSE manner.channel END AS channel
    ) AS chosen
    WHERE chosen.channel = 'sms'
       OR chosen.channel = 'email' AND member.email_sealed IS NOT NULL
          AND member.email_proved_at IS NOT NULL
    ON CONFLICT (key) DO NOTHING
""")

_NOTIFY_AT = text("""
    INSERT INTO notifications (key, kind, channel, member_id, payload, sealed, language, urgent, at,
                               expires_at)
    SELECT :key, :kind, :channel, id, CAST(:payload AS jsonb), :sealed, language, :urgent, :at,
           clock_timestamp() + make_interval(secs => :lifetime)
    FROM members WHERE id = :member AND closed_at IS NULL
    ON CONFLICT (key) DO NOTHING
""")

_SEND_CODE = text("""
    INSERT INTO notifications (key, kind, channel, sealed, language, urgent, at, expires_at)
    VALUES (:key, :kind, :channel, :sealed, :language, true, :at,
            clock_timestamp() + make_interval(secs => :lifetime))
    ON CONFLICT (key) DO NOTHING
""")
