"""Defects that are sown on purpose: a sweep that does not see them is worth nothing."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause, text

from tests.crash.place import Place
from tracker.kit.database import unit_of_work
from tracker.kit.failpoints import around
from tracker.ledger.rules import Alike
from tracker.ledger.service import post_alike
from tracker.reconciliation import settling
from tracker.settlement import jobs, rules, service
from tracker.settlement.delivery import answers, claims, questions, sending
from tracker.settlement.notices import payout_notices
from tracker.settlement.ports import Outcome, TopUp
from tracker.settlement.rules import PayoutState, gateway_key


@dataclass(frozen=True, slots=True)
class Bug:
    """One defect: what it does to the code of this process and its children, or to a database."""

    name: str
    about: str
    patch: Callable[[], None] = lambda: None
    spoil: Callable[[Place], None] = lambda _: None
    shows: str = ""
    """The death after which it shows best; the first months' processes go that way."""


def _put(home: Any, name: str, value: object) -> None:
    """Replace something that is there."""
    getattr(home, name)
    setattr(home, name, value)


def _without(statement: TextClause, *words: str) -> TextClause:
    """A statement with some of its words left out."""
    said = str(statement)
    for one in words:
        assert one in said, f"{one!r} is not there any more: the bug is to be sown anew"
        said = said.replace(one, "")
    return text(said)


def _instead(statement: TextClause, word: str, other: str) -> TextClause:
    said = str(statement)
    assert word in said, f"{word!r} is not there any more: the bug is to be sown anew"
    return text(said.replace(word, other))


def _key_per_attempt() -> None:
    def top_up(one: Any) -> TopUp:
        key = gateway_key(one.id)
        return TopUp(f"{key}.{os.getpid()}" if one.age else key, one.phone, one.amount)

    _put(claims.Claimed, "top_up", property(top_up))
    _put(questions, "is_as_sent", lambda *_: True)  # who sends under new keys looks at no hash


def _missing_fence() -> None:
    mine = _without(answers._STILL_MINE, " AND fence = :fence")
    states = str(mine).partition("AND state IN")[2].partition(")")[0]
    _put(answers, "_STILL_MINE", _without(mine, f" AND state IN{states})"))
    _put(answers, "_RECORD", _without(answers._RECORD, " AND payouts.fence = :fence"))


def _commit_after_the_call() -> None:
    def send(counter: jobs.Counter) -> int:
        with unit_of_work(counter.engine, "settlement.claim") as session:
            chunk = sending.claim_prepared(session, counter.keys, 500, counter.conduct)
            if chunk.payouts:
                with around("settlement.submit"):
                    said = counter.gateway.submit([one.top_up for one in chunk.payouts])
        if chunk.payouts:
            with unit_of_work(counter.engine, "settlement.record") as session:
                answers.record(session, chunk, said, counter.conduct)
        jobs._see_to_the_numbers(counter, chunk.unchecked)
        return len(chunk.payouts) + chunk.withheld + len(chunk.unchecked)

    _put(jobs, "send", send)


def _drop_unique(*constraints: str) -> Callable[[Place], None]:
    def spoil(place: Place) -> None:
        for one in constraints:
            found = place.owner.execute(_UNIQUE, {"name": one}).fetchone()
            assert found, f"there is no unique {one} any more: the bug is to be sown anew"
            place.owner.execute(found[0])

    return spoil


def _taken_back_as_never_sent() -> None:
    _put(
        questions, "_EXPIRE", _instead(questions._EXPIRE, "state = 'unknown'", "state = 'prepared'")
    )


def _never_taken_back() -> None:
    _put(
        questions,
        "_EXPIRE",
        _instead(questions._EXPIRE, "lease_until <", "false AND lease_until <"),
    )


def _final(outcome: Outcome, state: PayoutState) -> Callable[[], None]:
    return lambda: rules._FINAL.update({outcome: state})


def _posting_outside_of_the_unit() -> None:
    waiting: list[Alike] = []
    engine: list[Any] = []

    def later(session: Any, some: Alike) -> None:
        engine[:] = [session.get_bind()]
        waiting.append(some)

    def reach(record: Callable[..., None]) -> Callable[..., None]:
        def recorded(counter: jobs.Counter, *given: Any, **named: Any) -> None:
            record(counter, *given, **named)
            with unit_of_work(counter.engine) as session:
                for some in waiting:
                    post_alike(session, some)
            waiting.clear()

        return recorded

    _put(answers, "post_alike", later)
    _put(jobs, "_record", reach(jobs._record))


def _money_not_in_flight() -> None:
    _put(sending, "post_alike", lambda *_: None)


def _money_not_given_back() -> None:
    del answers._KINDS[PayoutState.FAILED]


def _done_too_early() -> None:
    _put(service, "ENDED", rules.ENDED | {PayoutState.UNKNOWN, PayoutState.CLAIMED})


def _settled_without_posting() -> None:
    _put(settling, "post", lambda *_: None)


def _another_number() -> None:
    def top_up(one: Any) -> TopUp:
        phone = one.phone[:-1] + "0" if one.age else one.phone
        return TopUp(gateway_key(one.id), phone, one.amount)

    _put(claims.Claimed, "top_up", property(top_up))
    _put(questions, "is_as_sent", lambda *_: True)


def _told_before_it_is_certain() -> None:
    tell = payout_notices

    def notices(state: PayoutState, **given: Any) -> Any:
        return tell(PayoutState.PAID if state is PayoutState.UNKNOWN else state, **given)

    _put(answers, "payout_notices", notices)


_STATEMENT_UNIQUE = "uq_operator_statements_fetching"
_LEDGER_UNIQUE = "uq_ledger_transactions_reference"

BUGS = {
    bug.name: bug
    for bug in (
        Bug("key_per_attempt", "what is sent again has a key of its own", _key_per_attempt),
        Bug(
            "missing_fence",
            "who wakes late writes down what they heard",
            _missing_fence,
            shows="~settlement.submit:after_call",
        ),
        Bug(
            "commit_after_the_call",
            "that it may have been sent is written down after it was",
            _commit_after_the_call,
            shows="settlement.submit:after_call",
        ),
        Bug(
            "missing_unique_constraint",
            "two statements of a day may be fetched at once",
            spoil=_drop_unique(_STATEMENT_UNIQUE),
        ),
        Bug(
            "missing_ledger_constraint",
            "a step may be posted twice, and late answers are written",
            _missing_fence,
            _drop_unique(_LEDGER_UNIQUE),
            "~settlement.submit:after_call",
        ),
        Bug(
            "taken_back_as_never_sent",
            "what a lost worker held is claimed as if it was never sent",
            _taken_back_as_never_sent,
        ),
        Bug("never_taken_back", "what a lost worker held is nobody's", _never_taken_back),
        Bug(
            "not_found_as_failed",
            "a key that the operator does not know has failed for good",
            _final(Outcome.NOT_FOUND, PayoutState.FAILED),
            shows="~settlement.submit:before_call",
        ),
        Bug(
            "unknown_as_failed",
            "no answer means that nothing was paid",
            _final(Outcome.UNKNOWN, PayoutState.FAILED),
        ),
        Bug(
            "unknown_as_paid",
            "no answer means that it was paid",
            _final(Outcome.UNKNOWN, PayoutState.PAID),
        ),
        Bug(
            "posting_outside_of_the_unit",
            "the state is committed, and then the money moved",
            _posting_outside_of_the_unit,
            shows="settlement.record:after_commit",
        ),
        Bug("money_not_in_flight", "what is sent stays available", _money_not_in_flight),
        Bug("money_not_given_back", "what failed is not available again", _money_not_given_back),
        Bug("done_too_early", "a run is done while outcomes are unknown", _done_too_early),
        Bug(
            "settled_without_posting",
            "what a statement shows is paid, and not booked",
            _settled_without_posting,
        ),
        Bug("another_number", "what is sent again goes to another number", _another_number),
        Bug(
            "told_before_it_is_certain",
            "members are told of what nobody knows yet",
            _told_before_it_is_certain,
        ),
    )
}

_UNIQUE = """
    SELECT CASE WHEN its.oid IS NULL THEN format('DROP INDEX %%I', cls.relname)
                ELSE format('ALTER TABLE %%s DROP CONSTRAINT %%I CASCADE',
                            conrelid::regclass, conname)
           END
    FROM pg_class AS cls
    LEFT JOIN pg_constraint AS its ON its.conindid = cls.oid AND its.contype IN ('u', 'p')
    WHERE cls.relname = %(name)s AND cls.relkind = 'i'
"""
