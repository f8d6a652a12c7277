"""The month that a posting falls into, and months that stay closed: PostgreSQL's own word."""

import threading
from datetime import datetime

import psycopg
import pytest
from psycopg import errors

from tests.tracker.ledger.raw_books import EARNED, Raw, add_legs


def head(books: Raw, reference: str, at: str, period: str | None = None) -> str:
    """Write a whole transaction that counts at a moment; in which month's books it stands."""
    row = books.execute(
        "INSERT INTO ledger_transactions (reference, kind, effective_at, period)"
        " VALUES (%s, 'confirmed', %s, %s) RETURNING id, period",
        (reference, datetime.fromisoformat(at), period),
    ).fetchone()
    assert row is not None
    add_legs(books, row[0], *EARNED)
    return str(row[1])


def close(books: Raw, period: str) -> None:
    books.execute(
        "INSERT INTO closed_periods (period, proposed_by, approved_by) VALUES (%s, 'a', 'b')",
        (period,),
    )


def test_a_posting_stands_in_the_month_in_which_it_counts_in_moscow(app: Raw) -> None:
    assert head(app, "before midnight", "2011-01-31T20:59:59.999999+00:00") == "2011-01"
    assert head(app, "at midnight", "2011-01-31T21:00:00+00:00") == "2011-02"


def test_what_counts_in_a_closed_month_falls_into_the_first_open_one(app: Raw) -> None:
    head(app, "january", "2011-01-10T12:00:00+03:00")
    close(app, "2011-01")
    assert head(app, "late", "2011-01-15T12:00:00+03:00") == "2011-02"
    assert head(app, "later", "2011-03-15T12:00:00+03:00") == "2011-03"
    when = app.execute("SELECT effective_at FROM ledger_transactions WHERE reference = 'late'")
    assert when.fetchone() == (datetime.fromisoformat("2011-01-15T09:00:00+00:00"),)
    close(app, "2011-02")
    assert head(app, "latest", "2010-12-31T12:00:00+03:00") == "2011-03"


@pytest.mark.parametrize("period", ["2011-01", "2010-12", "2011-03"])
def test_nobody_writes_into_another_month(app: Raw, period: str) -> None:
    head(app, "january", "2011-01-10T12:00:00+03:00")
    close(app, "2011-01")
    with pytest.raises(errors.CheckViolation, match="what is closed stays closed"):
        head(app, "late", "2011-01-15T12:00:00+03:00", period)


def test_nobody_says_which_month_is_open(app: Raw) -> None:
    head(app, "january", "2011-01-10T12:00:00+03:00")
    close(app, "2011-01")
    with pytest.raises(errors.CheckViolation, match="closed month"):
        app.execute("""
            INSERT INTO ledger_transactions (reference, kind, effective_at)
            SELECT 'sly:' || given.number
                   || left(set_config('tracker.open_period', '2000-01', true), 0),
                   'confirmed', '2011-01-15 12:00:00+03'
            FROM generate_series(1, 2) AS given (number)
        """)


def test_months_without_books_are_passed_over(app: Raw) -> None:
    head(app, "a slip of the year", "2001-01-10T12:00:00+03:00")
    head(app, "december", "2010-12-10T12:00:00+03:00")
    close(app, "2001-01")
    for period in ("2001-01", "2000-12", "2001-03", "2010-11", "2011-01"):
        with (
            pytest.raises(errors.CheckViolation, match="2010-12 is next"),
            app.transaction(),
        ):
            close(app, period)
    close(app, "2001-02")
    close(app, "2010-12")
    assert head(app, "between", "2005-05-05T12:00:00+03:00") == "2011-01"


@pytest.mark.parametrize("period", ["2010-12", "2011-02", "2011-13", "soon"])
def test_months_are_closed_in_order(app: Raw, period: str) -> None:
    head(app, "january", "2011-01-10T12:00:00+03:00")
    with pytest.raises(errors.CheckViolation):
        close(app, period)


def test_a_month_is_closed_once_and_for_good(app: Raw, owner: Raw) -> None:
    head(app, "january", "2011-01-10T12:00:00+03:00")
    close(app, "2011-01")
    app.commit()
    with pytest.raises(errors.CheckViolation, match="2011-02 is next"):
        close(app, "2011-01")
    app.rollback()
    with pytest.raises(errors.IntegrityConstraintViolation, match="never changed"):
        owner.execute("DELETE FROM closed_periods")


def test_nothing_is_closed_where_nothing_is_written(app: Raw) -> None:
    with pytest.raises(errors.CheckViolation, match="none is next"):
        close(app, "2011-01")


def test_one_person_closes_nothing(app: Raw) -> None:
    head(app, "january", "2011-01-10T12:00:00+03:00")
    with pytest.raises(errors.CheckViolation, match="two_people"):
        app.execute(
            "INSERT INTO closed_periods (period, proposed_by, approved_by)"
            " VALUES ('2011-01', 'a', 'a')"
        )


def test_postings_are_of_what_is_committed(app: Raw) -> None:
    app.rollback()
    app.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with pytest.raises(errors.InvalidTransactionState, match="not in repeatable read"):
        head(app, "january", "2011-01-10T12:00:00+03:00")


def test_closing_waits_for_whoever_is_posting(app: Raw, other_app: Raw) -> None:
    head(app, "first", "2011-01-10T12:00:00+03:00")
    app.commit()
    head(app, "in the middle", "2011-01-20T12:00:00+03:00")

    def close_it() -> None:
        close(other_app, "2011-01")
        other_app.commit()

    closing = threading.Thread(target=close_it)
    closing.start()
    closing.join(0.5)
    assert closing.is_alive(), "closed while somebody was in the middle of a posting"
    app.commit()
    closing.join(10)
    assert not closing.is_alive()
    assert head(app, "after", "2011-01-20T12:00:00+03:00") == "2011-02"
    found = app.execute("SELECT reference FROM ledger_transactions WHERE period = '2011-01'")
    assert {row[0] for row in found} == {"first", "in the middle"}
