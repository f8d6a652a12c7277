"""From all that is known of purchases to where the ledger ought to stand, and there.

Called with the purchases locked, and what is new of them noted in their dossiers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from tracker.clicks.rules import Click, Unattributed, why_unattributed
from tracker.clicks.service import by_ids
from tracker.goals.service import post_and_put_aside
from tracker.kit.settings import Settings
from tracker.ledger.rules import Kind, Posting, references
from tracker.ledger.service import lock_members
from tracker.members.queries import Origin, origins_of
from tracker.notifications.contracts import Notice
from tracker.notifications.service import notify
from tracker.purchases.dossiers import Dossier
from tracker.purchases.flags import note_flags
from tracker.purchases.keeping import keep_facts, keep_state
from tracker.purchases.notices import cashback_notices
from tracker.purchases.rewarding import Figures, inviters_in, place_rewards
from tracker.purchases.rules import (
    NOTHING,
    Standing,
    Status,
    earned_on,
    evaluate,
    step_posting,
    steps,
)
from tracker.purchases.statements import hold_starts
from tracker.purchases.suspects import suspects
from tracker.purchases.welcome import place_bonuses


@dataclass(frozen=True, slots=True)
class Programme:
    """The programme's figures that purchases depend on, in kopecks."""

    welcome_bonus: int
    referral_reward: int = 20_000
    """What a friend's first purchase brings the inviter."""
    referral_ceiling: int = 100_000
    """What all friends of one inviter bring at most."""


def programme_of(settings: Settings) -> Programme:
    """The figures as they are set."""
    return Programme(
        welcome_bonus=settings.welcome_bonus,
        referral_reward=settings.referral_reward,
        referral_ceiling=settings.referral_ceiling,
    )


def settle(session: Session, dossiers: Sequence[Dossier], programme: Programme) -> None:
    """Keep what is new, evaluate the purchases anew and move the ledger accordingly."""
    keep_facts(session, dossiers)
    clicks = by_ids(session, {one.promise for one in dossiers if one.promise})
    before = {one.id: one.standing for one in dossiers}
    for one in dossiers:
        one.standing = assess(one, clicks)
    members = _members(before.values()) | _members(one.standing for one in dossiers)
    moments = _moments(dossiers, before)
    origins = origins_of(session, moments)
    lock_members(session, members | set(inviters_in(origins).values()))
    _suspect(session, dossiers, before, clicks)
    postings = [posting for one in dossiers for posting in _move(one, before[one.id])]
    keep_state(session, dossiers)
    note_flags(session, dossiers, clicks)
    gifts, notices = _gifts(session, moments, origins, programme)
    if notices := [*notices, *cashback_notices(dossiers, before)]:
        notify(session, notices, max(moments.values()))
    # After them: a member hears of the money before hearing what it was put aside for.
    post_and_put_aside(session, postings + gifts)


def _gifts(
    session: Session,
    moments: Mapping[int, datetime],
    origins: Mapping[int, Origin],
    programme: Programme,
) -> tuple[list[Posting], list[Notice]]:
    """What the club gives of its own: the bonus of those who are new, the reward of who invited
    them; and what the latter are told."""
    amounts = {
        member: 0 if member in origins and origins[member].returned else programme.welcome_bonus
        for member in moments
    }
    bonuses = place_bonuses(session, moments, amounts)
    figures = Figures(programme.referral_reward, programme.referral_ceiling)
    rewards, notices = place_rewards(session, moments, inviters_in(origins), figures)
    return bonuses + rewards, notices


def assess(one: Dossier, clicks: Mapping[str, Click]) -> Standing:
    """Whose a purchase is and what it comes to, from all that is known of it."""
    one.sold = NOTHING
    if one.stated is None:
        return Standing(Status.UNMATCHED)
    click = clicks.get(one.promise or "")
    one.unattributed_reason = _why_nobodys(one, click, one.stated.ordered_at)
    if click is None or one.unattributed_reason:
        one.hold_ends_at = None
        return Standing(Status.UNATTRIBUTED)
    one.sold = earned_on(one.amounts.values(), click.terms)
    starts = hold_starts(one.stated, click.clicked_at)
    one.hold_ends_at = starts + timedelta(days=click.terms.hold_days)
    return evaluate(one.facts, click.terms, click.member_id)


def _why_nobodys(one: Dossier, click: Click | None, ordered_at: datetime) -> Unattributed | None:
    if one.attributed_click_id:
        return None  # staff saw to it, and that stands whatever is stated later
    return why_unattributed(one.promise, click, shop_id=one.shop_id, ordered_at=ordered_at)


def _suspect(
    session: Session,
    dossiers: Sequence[Dossier],
    before: Mapping[int, Standing],
    clicks: Mapping[str, Click],
) -> None:
    found = suspects(session, dossiers, before)
    for one in dossiers:
        if one.id in found:
            one.suspect_of = found[one.id]
            one.standing = assess(one, clicks)


def _move(one: Dossier, before: Standing) -> Iterable[Posting]:
    for step in steps(before, one.standing, one.sold):
        one.revision += 1
        reference = f"purchase:{one.id}:{step.kind}:{one.revision}"
        first = step.kind is Kind.TRACKED and one.tracked_reference is None
        effective_at = one.moment
        if first and one.ordered_at and one.known_at:
            effective_at = min(one.ordered_at, one.known_at)
        corrects = {
            Kind.REJECTED: one.tracked_reference,
            Kind.CLAWED_BACK: one.confirmed_reference,
        }.get(step.kind)
        if effective_at is None:
            raise AssertionError(f"{reference} moves money at no moment")
        made = step_posting(
            step,
            shop_id=one.shop_id,
            reference=reference,
            effective_at=effective_at,
            corrects=corrects,
            after=references(one.tracked_reference, one.confirmed_reference),
        )
        if made is None:
            continue
        if step.kind is Kind.TRACKED:
            one.tracked_reference = reference
        if step.kind is Kind.CONFIRMED:
            one.confirmed_reference = reference
        yield made


def _members(standings: Iterable[Standing]) -> set[int]:
    return {one.member_id for one in standings if one.member_id is not None}


def _moments(dossiers: Sequence[Dossier], before: Mapping[int, Standing]) -> dict[int, datetime]:
    """For each member whose purchases changed what a bonus goes by, the latest moment of a change.

    That is their standing, and what only a statement tells: when it was ordered, and for how much.
    """
    moments: dict[int, datetime] = {}
    for one in dossiers:
        if one.moment is None or (one.standing == before[one.id] and not one.is_restated):
            continue
        for member in _members((one.standing, before[one.id])):
            moments[member] = max(one.moment, moments.get(member, one.moment))
    return moments
