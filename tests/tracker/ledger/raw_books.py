"""Postings in plain SQL, as somebody would write them who has stolen a database connection."""

from typing import Any, TypeAlias

import psycopg

Raw: TypeAlias = psycopg.Connection[tuple[Any, ...]]
Leg: TypeAlias = tuple[str, int, int]
"""Account, owner, kopecks (debit positive)."""

EARNED = (("margin", 0, 10_000), ("member_available", 1, -10_000))
"""Member 1 earns 100.00."""
PAID_OUT = (("member_available", 1, 10_000), ("owed_to_operator", 0, -10_000))
"""Member 1 is paid 100.00."""


def open_transaction(books: Raw, reference: str, kind: str = "confirmed") -> int:
    """Write the head of a ledger transaction; its id."""
    row = books.execute(
        "INSERT INTO ledger_transactions (reference, kind, effective_at)"
        " VALUES (%s, %s, now()) RETURNING id",
        (reference, kind),
    ).fetchone()
    assert row is not None
    return int(row[0])


def add_legs(books: Raw, transaction: int, *legs: Leg, first: int = 0) -> None:
    """Write legs by one statement."""
    values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(legs))
    given: list[object] = []
    for number, leg in enumerate(legs, start=first):
        given += [transaction, number, *leg]
    books.execute(
        "INSERT INTO ledger_entries (transaction_id, leg, account, owner_id, amount)"
        f" VALUES {values}".encode(),
        given,
    )


def write(books: Raw, reference: str, *legs: Leg, kind: str = "confirmed") -> int:
    """Write a whole ledger transaction and commit it; its id."""
    transaction = open_transaction(books, reference, kind)
    add_legs(books, transaction, *legs)
    books.commit()
    return transaction


def available(books: Raw, member: int = 1) -> int:
    """What we owe a member now, as the balances say."""
    row = books.execute(
        "SELECT available FROM member_balances WHERE member_id = %s", (member,)
    ).fetchone()
    return int(row[0]) if row else 0
