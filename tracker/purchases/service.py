"""Booking what shops report, and ending holds. The caller owns the unit of work.

Everything here works on many purchases at once: one report is a batch of one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.clicks.rules import Click, OnHoldEnd, why_unattributed
from tracker.clicks.service import by_ids
from tracker.kit.errors import Conflict, NotFound, TrackerError
from tracker.ledger.rules import Kind, Posting
from tracker.ledger.service import lock_members, post
from tracker.purchases.contracts import (
    PurchaseConfirmed,
    PurchaseReport,
    PurchaseReturned,
    PurchaseStated,
)
from tracker.purchases.dossiers import (
    Dossier,
    keep_facts,
    keep_state,
    open_by_ids,
    open_by_keys,
    return_fact,
)
from tracker.purchases.models import Purchase
from tracker.purchases.rules import (
    NOTHING,
    Earned,
    Standing,
    Status,
    earned_on,
    evaluate,
    step_posting,
    steps,
)
from tracker.purchases.welcome import place_bonuses


class ReturnDiffers(Conflict):
    """A return with this id is known with other lines or sums."""

    code = "return_differs"


class PurchaseNotFound(NotFound):
    """No such purchase."""

    code = "purchase_not_found"


class PurchaseNotAwaitingStaff(Conflict):
    """Only a purchase that awaits staff can be decided by staff."""

    code = "purchase_not_awaiting_staff"


HOLDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Programme:
    """The programme's figures that purchases depend on, in kopecks."""

    welcome_bonus: int


def book(
    session: Session, reports: Sequence[PurchaseReport], programme: Programme
) -> dict[int, TrackerError]:
    """Keep what was reported and move the ledger accordingly, all together.

    Returns the reports that were refused, by their place in the sequence; the others are booked.
    The only refusal is ReturnDiffers.
    """
    dossiers = open_by_keys(session, {(one.shop_id, one.order_id) for one in reports})
    refused: dict[int, TrackerError] = {}
    for place, report in enumerate(reports):
        try:
            _file(dossiers[report.shop_id, report.order_id], report)
        except ReturnDiffers as error:
            refused[place] = error
    keep_facts(session, dossiers.values())
    _settle(session, list(dossiers.values()), programme)
    return refused


def end_holds(session: Session, as_of: datetime, programme: Programme) -> int:
    """End a chunk of the holds that are over at a moment; returns how many, 0 when none is left.

    Each purchase goes by the policy promised at its click.
    """
    due = session.scalars(
        select(Purchase.id)
        .where(Purchase.status == Status.PENDING, Purchase.hold_ends_at <= as_of)
        .order_by(Purchase.hold_ends_at, Purchase.id)
        .limit(HOLDS_AT_ONCE)
    ).all()
    ended = []
    for one in open_by_ids(session, due):
        # Between the look and the lock somebody may have been quicker.
        if one.standing.status is Status.PENDING and one.hold_ends_at and one.hold_ends_at <= as_of:
            one.learn(one.hold_ends_at)
            ended.append(one)
    clicks = by_ids(session, {one.click_id for one in ended if one.click_id})
    for one in ended:
        one.hold_outcome = clicks[one.click_id or ""].terms.on_hold_end
    _settle(session, ended, programme)
    return len(due)


def decide(
    session: Session, purchase_id: int, outcome: OnHoldEnd, at: datetime, programme: Programme
) -> None:
    """The word of staff on a purchase whose hold ended with the policy to wait for it.

    Raises PurchaseNotFound and PurchaseNotAwaitingStaff.
    """
    found = open_by_ids(session, [purchase_id])
    if not found:
        raise PurchaseNotFound(f"no purchase {purchase_id}")
    one = found[0]
    if one.standing.status is not Status.AWAITING_STAFF:
        raise PurchaseNotAwaitingStaff(f"purchase {purchase_id} is {one.standing.status}")
    one.hold_outcome = outcome
    one.learn(at)
    _settle(session, [one], programme)


def _file(one: Dossier, report: PurchaseReport) -> None:
    match report:
        case PurchaseStated():
            _file_statement(one, report)
        case PurchaseConfirmed():
            known = one.confirmed_by_shop_at
            one.confirmed_by_shop_at = min(known, report.at) if known else report.at
        case PurchaseReturned():
            _file_return(one, report)
    one.learn(report.at)


def _file_statement(one: Dossier, report: PurchaseStated) -> None:
    rank = (report.amended, report.at, report.source)
    if one.rank is not None and rank <= one.rank:
        return
    if not one.new_lines:
        one.statement_no += 1
    if report.click_id != one.click_id:
        # Another promise, with a hold and a policy of its own: that one has not ended yet.
        one.hold_outcome = None
    one.rank = rank
    one.click_id = report.click_id
    one.ordered_at = report.ordered_at
    one.new_lines = report.lines
    one.amounts = {line.line_id: line.amount for line in report.lines}


def _file_return(one: Dossier, report: PurchaseReturned) -> None:
    fact = return_fact(report)
    known = one.returns.setdefault(report.return_id, fact)
    if known is fact:
        one.new_returns.append(report)
    elif known != fact:
        raise ReturnDiffers(
            f"return {report.return_id!r} of order {one.order_id!r} is known otherwise"
        )


def _settle(session: Session, dossiers: Sequence[Dossier], programme: Programme) -> None:
    """Evaluate purchases anew and move the ledger from where it stands to where it ought to."""
    clicks = by_ids(session, {one.click_id for one in dossiers if one.click_id})
    before = {one.id: one.standing for one in dossiers}
    for one in dossiers:
        one.standing = assess(one, clicks)
    members = _members(before.values()) | _members(one.standing for one in dossiers)
    lock_members(session, members)
    postings = [
        posting for one in dossiers for posting in _move(one, before[one.id], _sold(one, clicks))
    ]
    keep_state(session, dossiers)
    moments = _moments(dossiers, before)
    postings += place_bonuses(session, moments, amount=programme.welcome_bonus)
    post(session, postings)


def assess(one: Dossier, clicks: Mapping[str, Click]) -> Standing:
    """Whose a purchase is and what it comes to, from all that is known of it."""
    if one.ordered_at is None:
        return Standing(Status.UNMATCHED)
    click = clicks.get(one.click_id or "")
    one.unattributed_reason = why_unattributed(
        one.click_id,
        click,
        shop_id=one.shop_id,
        ordered_at=one.ordered_at,
    )
    if click is None or one.unattributed_reason:
        one.hold_ends_at = None
        return Standing(Status.UNATTRIBUTED)
    one.hold_ends_at = one.ordered_at + timedelta(days=click.terms.hold_days)
    return evaluate(one.facts, click.terms, click.member_id)


def _sold(one: Dossier, clicks: Mapping[str, Click]) -> Earned:
    """What a purchase comes to with nothing given back."""
    click = clicks.get(one.click_id or "")
    return earned_on(one.amounts.values(), click.terms) if click else NOTHING


def _move(one: Dossier, before: Standing, sold: Earned) -> Iterable[Posting]:
    for step in steps(before, one.standing, sold):
        one.revision += 1
        reference = f"purchase:{one.id}:{step.kind}:{one.revision}"
        first = step.kind is Kind.TRACKED and one.tracked_reference is None
        effective_at = one.ordered_at if first else one.moment
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
        if one.moment is None or (one.standing == before[one.id] and not one.new_lines):
            continue
        for member in _members((one.standing, before[one.id])):
            moments[member] = max(one.moment, moments.get(member, one.moment))
    return moments
