"""The workers' part of settlement: claim, COMMIT, call, record. Each call does one chunk."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from tracker.kit.crypto import Keyring
from tracker.kit.database import unit_of_work
from tracker.kit.failpoints import around
from tracker.kit.logs import log
from tracker.settlement.delivery.answers import record
from tracker.settlement.delivery.claims import LEASE_SECONDS, Chunk, Unchecked
from tracker.settlement.delivery.numbers import write_down
from tracker.settlement.delivery.questions import (
    claim_again,
    claim_questions,
    take_back_expired,
    was_accepted,
)
from tracker.settlement.delivery.sending import claim_prepared, still_theirs
from tracker.settlement.ports import Answer, BillingGateway, Outcome
from tracker.settlement.rules import Conduct, SealDiffers, Withheld, may_send_again, never_came
from tracker.settlement.service import finish_ended, pause_changed

CHUNK = 1_000
QUESTIONS = 3
"""How many are asked about in one call: each may wait for the operator until it times out."""

Stopwatch = Callable[[], float]
"""Seconds of real time that never go back, from any beginning."""

_LOG = log("settlement")


@dataclass(frozen=True, slots=True)
class Counter:
    """Where payouts are handed over: our database, the operator, and how to deal with it."""

    engine: Engine
    keys: Keyring
    gateway: BillingGateway
    conduct: Conduct
    stopwatch: Stopwatch = time.monotonic


def deliver(
    engine: Engine,
    keys: Keyring,
    gateway: BillingGateway,
    conduct: Conduct,
    *,
    stopwatch: Stopwatch = time.monotonic,
) -> bool:
    """Send the next chunk and ask about a few unknown payouts; True when there may be more.

    Sending comes first: an operator that lets questions hang must not hold up what was never sent.
    """
    counter = Counter(engine, keys, gateway, conduct, stopwatch)
    with unit_of_work(engine, "settlement.take_back") as session:
        take_back_expired(session)
    sent = send(counter)
    asked = ask(counter)
    if not asked and not sent:
        with unit_of_work(engine, "settlement.finish") as session:
            finish_ended(session)
    return bool(asked or sent)


def send(counter: Counter) -> int:
    """Send one chunk; returns how many payouts were looked at, also of those that were withheld,
    and those whose numbers had to be asked about first.

    A worker that was held up between the claim and the call lets go of the chunk: its lease is
    over, so the payouts are taken back as unknown, and the operator is asked first.
    """
    if not counter.gateway.ready():
        return 0
    began = counter.stopwatch()
    try:
        with unit_of_work(counter.engine, "settlement.claim") as session:
            chunk = claim_prepared(session, counter.keys, CHUNK, counter.conduct)
    except SealDiffers as error:
        _pause(counter, error)
        return 0
    if chunk.payouts and _still_held(counter, began):
        with around("settlement.submit"):
            answers = counter.gateway.submit([one.top_up for one in chunk.payouts])
        _record(counter, chunk, answers)
    _see_to_the_numbers(counter, chunk.unchecked)
    return len(chunk.payouts) + chunk.withheld + len(chunk.unchecked)


def _pause(counter: Counter, error: SealDiffers) -> None:
    """A line is not what was sealed, or a request not what was sent: staff are to look first."""
    with unit_of_work(counter.engine, "settlement.pause_changed") as session:
        pause_changed(session, error.period)
    _LOG.error("seal_differs", period=error.period, detail=error.detail)


def _see_to_the_numbers(counter: Counter, unchecked: Sequence[Unchecked]) -> None:
    """Ask whether numbers are the operator's own; what is due to them is seen to by the next claim.

    Two workers may ask of the same ones: that does no harm.
    """
    if not unchecked:
        return
    with around("settlement.reach"):
        answers = counter.gateway.reach([one.phone for one in unchecked])
    with unit_of_work(counter.engine, "settlement.check_numbers") as session:
        write_down(session, unchecked, answers)


def ask(counter: Counter) -> int:
    """Ask what became of some unknown payouts; returns how many were asked about.

    One at a time, each written down before the next: a worker that is stopped loses one answer,
    and no lease ends while others are asked about. No further one once the operator did not tell.
    While it is not to be asked none is used up, but for those that are staff's by now.
    """
    for before in range(QUESTIONS):
        out_for = 0 if counter.gateway.ready() else counter.conduct.ask_after[-1]
        began = counter.stopwatch()
        with unit_of_work(counter.engine, "settlement.claim_question") as session:
            chunk = claim_questions(session, counter.keys, 1, out_for)
        if not chunk.payouts:
            return before
        try:
            answer = _what_became(counter, chunk, began)
        except SealDiffers as error:
            _pause(counter, error)
            return before
        _record(counter, chunk, [answer], question=True)
        if answer.outcome is Outcome.UNKNOWN:
            return before + 1
    return QUESTIONS


def _what_became(counter: Counter, chunk: Chunk, began: float) -> Answer:
    """The operator's answer about one payout; what it has never heard of is sent once more.

    Same key, same content: that is safe while it remembers keys, should the first sending turn up
    after all.
    """
    (one,) = chunk.payouts
    with around("settlement.query"):
        answer = counter.gateway.query(one.top_up)
    if answer.outcome is not Outcome.NOT_FOUND or not (
        may_send_again(one.age, one.since_sent, counter.conduct) and _still_held(counter, began)
    ):
        return answer
    with unit_of_work(counter.engine, "settlement.claim_again") as session:
        if not still_theirs(session, [one.id]):
            # Its number may be somebody else's by now.
            came = was_accepted(session, one.id)
            if not came and never_came(one.since_sent, counter.conduct):
                return Answer(answer.key, Outcome.FAILED, reason=Withheld.MEMBER_CHANGED)
            return answer
        again = claim_again(session, counter.keys, chunk)
    if not again.payouts or not _still_held(counter, began):
        return answer
    with around("settlement.submit_again"):
        (answer,) = counter.gateway.submit([one.top_up])
    return answer


def _still_held(counter: Counter, began: float) -> bool:
    """Whether the lease of what was claimed since ``began`` cannot be over yet."""
    return counter.stopwatch() - began < LEASE_SECONDS


def _record(
    counter: Counter, chunk: Chunk, answers: list[Answer], *, question: bool = False
) -> None:
    with unit_of_work(counter.engine, "settlement.record") as session:
        held = record(session, chunk, answers, counter.conduct, question=question)
    if held < len(chunk.payouts):
        _LOG.warning("late_answers_fenced_off", fence=chunk.fence, lost=len(chunk.payouts) - held)
