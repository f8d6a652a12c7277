"""The workers' part of settlement: claim, COMMIT, call, record. Each call does one chunk."""

from collections.abc import Sequence

from sqlalchemy import Engine

from tracker.kit.database import unit_of_work
from tracker.kit.logs import log
from tracker.settlement.delivery import (
    Chunk,
    claim_prepared,
    claim_questions,
    record,
    take_back_expired,
)
from tracker.settlement.ports import Answer, BillingGateway, Outcome
from tracker.settlement.service import finish_ended

CHUNK = 500
QUESTIONS = 50

_LOG = log("settlement")


def deliver(engine: Engine, gateway: BillingGateway, *, key_memory: int) -> bool:
    """Ask about a few unknown payouts and send the next chunk; True when there may be more."""
    with unit_of_work(engine) as session:
        take_back_expired(session)
    asked = ask(engine, gateway, key_memory=key_memory)
    sent = send(engine, gateway)
    if not asked and not sent:
        with unit_of_work(engine) as session:
            finish_ended(session)
    return bool(asked or sent)


def send(engine: Engine, gateway: BillingGateway) -> int:
    """Send one chunk; returns how many payouts were in it."""
    with unit_of_work(engine) as session:
        chunk = claim_prepared(session, CHUNK)
    if chunk.payouts:
        answers = gateway.submit([one.top_up for one in chunk.payouts])
        _record(engine, chunk, answers)
    return len(chunk.payouts)


def ask(engine: Engine, gateway: BillingGateway, *, key_memory: int) -> int:
    """Ask what became of some unknown payouts; returns how many were asked about."""
    with unit_of_work(engine) as session:
        chunk = claim_questions(session, QUESTIONS, key_memory)
    if chunk.payouts:
        answers = [gateway.query(one.top_up) for one in chunk.payouts]
        _record(engine, chunk, _send_again(gateway, chunk, answers))
    return len(chunk.payouts)


def _send_again(gateway: BillingGateway, chunk: Chunk, answers: Sequence[Answer]) -> list[Answer]:
    """Send once more what the operator has never heard of: same key, same content.

    That is safe only while the operator remembers keys: should the first sending turn up after
    all, it is recognised. Past that memory nothing is sent again.
    """
    lost = [
        one.top_up
        for one, answer in zip(chunk.payouts, answers, strict=True)
        if answer.outcome is Outcome.NOT_FOUND and not one.overdue
    ]
    again = {answer.key: answer for answer in gateway.submit(lost)} if lost else {}
    return [again.get(answer.key, answer) for answer in answers]


def _record(engine: Engine, chunk: Chunk, answers: Sequence[Answer]) -> None:
    with unit_of_work(engine) as session:
        held = record(session, chunk, answers)
    if held < len(chunk.payouts):
        _LOG.warning("late_answers_fenced_off", fence=chunk.fence, lost=len(chunk.payouts) - held)
