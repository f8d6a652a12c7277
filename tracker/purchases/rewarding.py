"""Where the rewards for some friends stand, read and written. Called under the inviters' locks.

Whatever changes a friend's purchases holds the inviter's lock as well, so that what is read here
of friends and of what waits cannot move.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from tracker.ledger.rules import Kind as Movement
from tracker.ledger.rules import Posting, references
from tracker.members.queries import Origin
from tracker.notifications.contracts import Kind, Notice
from tracker.purchases.bonus import REWARD, bonus_posting, movements
from tracker.purchases.reward_rows import Reward, keep_rows, open_rows, queue, standings, taken
from tracker.purchases.rewards import (
    PLACED,
    RewardState,
    Standing,
    Waiting,
    admitted,
    as_gift,
    with_purchase,
)
from tracker.referrals.suspicions import suspicions

ADMITTED_AT_ONCE = 100
"""So many at most of those that wait for room come in by one unit of work. Room appears by one
reward at a time; only after the ceiling was raised the rest of a long queue waits for the next."""


class Figures(NamedTuple):
    """Kopecks: what a friend brings, and what all friends of one inviter bring at most."""

    reward: int
    ceiling: int


Moved = tuple[Reward, Movement, Posting | None]


def place_rewards(
    session: Session,
    moments: Mapping[int, datetime],
    inviters: Mapping[int, int],
    figures: Figures,
) -> tuple[list[Posting], list[Notice]]:
    """Put the rewards for some friends where they belong now, and those that wait for room.

    ``inviters`` tells for each friend who invited them, ``moments`` when it counts. Returns the
    postings that this takes, those that leave room before those that take it, and what the inviters
    are told. Purchases are written already, and the inviters are locked.
    """
    if not inviters:
        return [], []
    rewards = standings(session, inviters, figures.reward)
    rewards += _let_in(session, rewards, figures.ceiling)
    _hold_the_suspicious(session, rewards)
    changed = [one for one in rewards if one.has_changed]
    open_rows(session, changed)
    latest: dict[int, datetime] = {}
    for friend, inviter in inviters.items():
        latest[inviter] = max(moments[friend], latest.get(inviter, moments[friend]))
    moved = [each for one in changed for each in _move(one, latest[one.inviter_id])]
    moved.sort(key=lambda each: each[1] not in (REWARD.rejected, REWARD.clawed_back))
    keep_rows(session, changed, latest)
    return [made for _, _, made in moved if made], list(_notices(moved))


def inviters_in(origins: Mapping[int, Origin]) -> dict[int, int]:
    """Who invited whom, of members who may bring a reward: not those who were here before."""
    return {
        member: origin.referrer_id
        for member, origin in origins.items()
        if origin.referrer_id is not None and not origin.returned
    }


def _let_in(session: Session, rewards: Sequence[Reward], ceiling: int) -> list[Reward]:
    """Fill the room that there is, in the order of the queue.

    Returns those that came in and were not among ``rewards``.
    """
    inviters = {one.inviter_id for one in rewards if one.changes_room}
    if not inviters:
        return []
    here = [one.friend_id for one in rewards]
    room = {inviter: ceiling - sum_ for inviter, sum_ in taken(session, inviters, here).items()}
    for one in rewards:
        if one.inviter_id in room and one.after.state in PLACED:
            room[one.inviter_id] -= one.amount
    waited = queue(session, inviters, here, most=ADMITTED_AT_ONCE)
    asking = {one.friend_id: one for one in (*rewards, *waited) if one.asks}
    for inviter, free in room.items():
        theirs = [_waiting(one) for one in asking.values() if one.inviter_id == inviter]
        for admission in admitted(theirs, free):
            one = asking[admission.friend_id]
            if one.status is None:
                raise AssertionError(f"the reward for friend {one.friend_id} has no purchase")
            one.after = Standing(with_purchase(one.status), one.after.purchase_id)
    return [one for one in waited if not one.asks]


def _waiting(one: Reward) -> Waiting:
    if one.carried_at is None:
        raise AssertionError(f"the reward for friend {one.friend_id} waits at no moment")
    return Waiting(one.carried_at, one.friend_id, one.amount)


def _hold_the_suspicious(session: Session, rewards: Iterable[Reward]) -> None:
    """Let those wait for staff that would be confirmed and ought to be looked at."""
    comes = [one for one in rewards if one.awaits_confirmation]
    unknown = {one.friend_id: one.inviter_id for one in comes if one.suspicions is None}
    found = suspicions(session, unknown)
    for one in comes:
        if one.friend_id in found:
            one.suspicions = ",".join(found[one.friend_id])
        if one.suspicions is not None:
            one.after = Standing(RewardState.REVIEW, one.after.purchase_id)


def _move(one: Reward, effective_at: datetime) -> Iterator[Moved]:
    """The movements of a reward's money; its row comes to know their references."""
    before, after = (
        as_gift(each.state, amount=one.amount, friend_id=one.friend_id)
        for each in (one.before, one.after)
    )
    one.revision += 1
    for kind in movements(before, after, REWARD):
        reference = f"reward:{one.id}:{kind}:{one.revision}"
        made = bonus_posting(
            kind,
            member_id=one.inviter_id,
            amount=one.amount,
            reference=reference,
            effective_at=effective_at,
            corrects={
                REWARD.rejected: one.tracked_reference,
                REWARD.clawed_back: one.confirmed_reference,
            }.get(kind),
            after=references(one.tracked_reference, one.confirmed_reference),
        )
        if made and kind is REWARD.tracked:
            one.tracked_reference = reference
        if made and kind is REWARD.confirmed:
            one.confirmed_reference = reference
        yield one, kind, made


def _notices(moved: Iterable[Moved]) -> Iterator[Notice]:
    """What the inviters are told: of each reward once that it comes, and once that it is theirs."""
    for one, kind, made in moved:
        told = {REWARD.tracked: Kind.REWARD_TRACKED, REWARD.confirmed: Kind.REWARD_CONFIRMED}
        comes_at_once = kind is REWARD.tracked and one.after.state is RewardState.CONFIRMED
        if made and kind in told and not comes_at_once:
            key = f"reward:{one.id}:{told[kind]}"
            yield Notice(one.inviter_id, told[kind], key, {"amount": one.amount})
