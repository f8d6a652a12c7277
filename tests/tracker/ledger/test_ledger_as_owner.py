"""The owner of the tables cannot change what is written either, while the triggers stand."""

import pytest
from psycopg import errors

from tests.tracker.ledger.raw_books import EARNED, Raw, add_legs, open_transaction, write


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET amount = 1",
        "UPDATE ledger_transactions SET effective_at = now()",
        "UPDATE ledger_transactions SET kind = 'tracked' WHERE false",
        "DELETE FROM ledger_entries",
        "DELETE FROM ledger_transactions",
        "TRUNCATE ledger_entries",
        "TRUNCATE ledger_transactions, ledger_entries",
        "TRUNCATE ledger_transactions CASCADE",
        "INSERT INTO ledger_entries VALUES (1, 0, 'margin', 0, 1)"
        " ON CONFLICT (transaction_id, leg) DO UPDATE SET amount = 2",
        "MERGE INTO ledger_entries AS old USING (VALUES (1)) AS new (id) ON old.leg = new.id"
        " WHEN MATCHED THEN DELETE",
    ],
)
def test_what_is_written_stays_written(app: Raw, owner: Raw, statement: str) -> None:
    write(app, "earned", *EARNED)
    with pytest.raises(errors.IntegrityConstraintViolation, match="never changed"):
        owner.execute(statement.encode())
    owner.rollback()
    entries = owner.execute("SELECT account, owner_id, amount FROM ledger_entries ORDER BY leg")
    assert entries.fetchall() == list(EARNED)


def test_the_owner_writes_under_the_same_rules(owner: Raw) -> None:
    transaction = open_transaction(owner, "crooked")
    with pytest.raises(errors.CheckViolation, match="is off by"):
        add_legs(owner, transaction, ("margin", 0, 100), ("margin", 0, -99))
