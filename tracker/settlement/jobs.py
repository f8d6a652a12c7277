"""The workers' part of settlement: claim, COMMIT, call, record. Each call does one chunk."""

import time
from collections.abc import Callable

from sqlalchemy import Engine

from tracker.kit.crypto import Keyring
from tracker.kit.database import unit_of_work
from tracker.kit.logs import log
from tracker.settlement.delivery import (
    LEASE_SECONDS,
    Chunk,
    claim_prepared,
    claim_questions,
    record,
    take_back_expired,
)
from tracker.settlement.ports import Answer, BillingGateway, Outcome
from tracker.settlement.service import finish_ended

CHUNK = 500
QUESTIONS = 3
"""How many are asked about in one call: each may wait for the operator until it times out."""

Stopwatch = Callable[[], float]
"""Seconds of real time that never go back, from any beginning."""

_LOG = log("settlement")


def deliver(
    engine: Engine,
    keys: Keyring,
    gateway: BillingGateway,
    *,
    key_memory: int,
    stopwatch: Stopwatch = time.monotonic,
) -> bool:
    """Send the next chunk and ask about a few unknown payouts; True when there may be more.

    Sending comes first: an operator that lets questions hang must not hold up what was never sent.
    """
    with unit_of_work(engine) as session:
        take_back_expired(session)
    sent = send(engine, keys, gateway, stopwatch)
    asked = ask(engine, keys, gateway, stopwatch, key_memory=key_memory)
    if not asked and not sent:
        with unit_of_work(engine) as session:
            finish_ended(session)
    return bool(asked or sent)


def send(engine: Engine, keys: Keyring, gateway: BillingGateway, stopwatch: Stopwatch) -> int:
    """Send one chunk; returns how many payouts were claimed, also of those withheld.

    A worker that was held up between the claim and the call lets go of the chunk: its lease is
    over, so the payouts are taken back as unknown, and the operator is asked first.
    """
    began = stopwatch()
    with unit_of_work(engine) as session:
        chunk = claim_prepared(session, keys, CHUNK)
    if chunk.payouts and _still_held(began, stopwatch):
        answers = gateway.submit([one.top_up for one in chunk.payouts])
        _record(engine, chunk, answers)
    return len(chunk.payouts) + chunk.withheld


def ask(
    engine: Engine,
    keys: Keyring,
    gateway: BillingGateway,
    stopwatch: Stopwatch,
    *,
    key_memory: int,
) -> int:
    """Ask what became of some unknown payouts; returns how many were asked about.

    One at a time, each written down before the next: a worker that is stopped loses one answer,
    and no lease ends while others are asked about. No further one once the operator did not tell.
    """
    for before in range(QUESTIONS):
        began = stopwatch()
        with unit_of_work(engine) as session:
            chunk = claim_questions(session, keys, 1, key_memory)
        if not chunk.payouts:
            return before
        (one,) = chunk.payouts
        answer = gateway.query(one.top_up)
        # What the operator has never heard of is sent once more: same key, same content. That is
        # safe only while it remembers keys: should the first sending turn up after all, it is
        # recognised.
        if (
            answer.outcome is Outcome.NOT_FOUND
            and not one.overdue
            and _still_held(began, stopwatch)
        ):
            (answer,) = gateway.submit([one.top_up])
        _record(engine, chunk, [answer])
        if answer.outcome is Outcome.UNKNOWN:
            return before + 1
    return QUESTIONS


def _still_held(began: float, stopwatch: Stopwatch) -> bool:
    """Whether the lease of what was claimed since ``began`` cannot be over yet."""
    return stopwatch() - began < LEASE_SECONDS


def _record(engine: Engine, chunk: Chunk, answers: list[Answer]) -> None:
    with unit_of_work(engine) as session:
        held = record(session, chunk, answers)
    if held < len(chunk.payouts):
        _LOG.warning("late_answers_fenced_off", fence=chunk.fence, lost=len(chunk.payouts) - held)
