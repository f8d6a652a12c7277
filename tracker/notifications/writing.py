"""A claimed message as it goes out: to whom, and in which words; or why it does not.

Here, and not in the request that queued a code, it is decided who is told what.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.members.queries import owner_of
from tracker.notifications.contracts import Channel, Kind
from tracker.notifications.delivery import Claimed, Ending
from tracker.notifications.rendering import Words, letter, short_text, written
from tracker.notifications.rules import CODES, State, Step, concerns_security

_BY_OWNER = {
    Kind.SIGN_IN_CODE: "not_a_member",
    Kind.JOINING_CODE: None,
    Kind.NEW_NUMBER_CODE: "another_members",
}
"""Kinds of which it matters whose the number is, and why they are not sent if they are not."""

Trusted = Callable[[datetime | None, datetime], bool]
"""Whether a number that was last proved then is still taken for its member's, at a moment."""


@dataclass(frozen=True, slots=True)
class Written:
    """A message that is ready to go."""

    id: int
    key: str
    to: str = field(repr=False)
    words: Words = field(repr=False)


def write(
    session: Session,
    keys: Keyring,
    one: Claimed,
    now: datetime,
    *,
    trusted: Trusted,
    shops: Mapping[int, str],
) -> Written | Ending:
    """The message as it goes out at a business moment, or how it ends without."""
    if one.seconds_left <= 0:
        return _ends(one, State.EXPIRED, None)
    if one.to is None:
        return _unreachable(one)
    kind: Kind | None = one.kind
    if one.channel is Channel.SMS and one.kind in _BY_OWNER:
        owner = owner_of(session, keys, one.to)
        is_trusted = owner is not None and trusted(owner.proved_at, now)
        kind = _fitting(one.kind, is_member=owner is not None, is_trusted=is_trusted)
    if kind is None:
        return _ends(one, State.VOID, _BY_OWNER[one.kind])
    try:
        values = dict(one.values) if one.code is None else {"code": one.code}
        texts = written(kind, values, one.language, shops)
        compose = short_text if one.channel is Channel.SMS else letter
        words = compose(kind, one.language, texts)
    except (LookupError, ValueError):
        return _ends(one, State.FAILED, "no_words_for_it")
    return Written(one.id, one.key, one.to, words)


def _fitting(kind: Kind, *, is_member: bool, is_trusted: bool) -> Kind | None:
    """What is told to the number that somebody asked this code for; None: nothing."""
    if kind is Kind.SIGN_IN_CODE:
        return kind if is_member else None
    if kind is Kind.NEW_NUMBER_CODE:
        return None if is_trusted else kind
    return Kind.ALREADY_MEMBER if is_trusted else kind


def _unreachable(one: Claimed) -> Ending:
    """What cannot be read was sealed under a key that is gone. What concerns security goes where
    the member can be reached yet."""
    if not one.readable or one.kind in CODES:
        return _ends(one, State.FAILED, "cannot_be_read")
    if one.elsewhere is not None and concerns_security(one.kind):
        step = Step(State.WAITING, wait=0)
        return Ending(one.id, step, reason="no_address", channel=one.elsewhere)
    return _ends(one, State.VOID, "no_address")


def _ends(one: Claimed, state: State, reason: str | None) -> Ending:
    return Ending(one.id, Step(state), reason=reason)
