"""What raw SQL with the application's rights can do to the books: write sound postings, no more."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg import errors

from tests.tracker.ledger.raw_books import (
    EARNED,
    PAID_OUT,
    Leg,
    Raw,
    add_legs,
    available,
    open_transaction,
    write,
)

TABLES = ("ledger_transactions", "ledger_entries")


def test_a_balanced_transaction_moves_the_balance_with_it(app: Raw) -> None:
    write(app, "earned", *EARNED)
    assert available(app) == 10_000


@pytest.mark.parametrize(
    "legs",
    [
        (("margin", 0, 10_000), ("member_available", 1, -9_999)),
        (("margin", 0, 10_000),),
        (("member_available", 1, -10_000),),
    ],
    ids=["a kopeck off", "one leg", "the member's leg alone"],
)
def test_legs_that_do_not_balance_are_refused(app: Raw, legs: tuple[Leg, ...]) -> None:
    transaction = open_transaction(app, "crooked")
    with pytest.raises(errors.CheckViolation, match="is off by"):
        add_legs(app, transaction, *legs)


def test_two_transactions_do_not_balance_each_other(app: Raw) -> None:
    one, other = open_transaction(app, "one"), open_transaction(app, "other")
    with pytest.raises(errors.CheckViolation, match="is off by"):
        app.execute(
            "INSERT INTO ledger_entries VALUES"
            " (%(one)s, 0, 'margin', 0, 60), (%(one)s, 1, 'marketing_expense', 0, 40),"
            " (%(other)s, 0, 'margin', 0, -60), (%(other)s, 1, 'marketing_expense', 0, -40)",
            {"one": one, "other": other},
        )


def test_a_transaction_without_legs_is_refused_at_commit(app: Raw) -> None:
    open_transaction(app, "empty")
    with pytest.raises(errors.CheckViolation, match="empty has no entries"):
        app.commit()


@pytest.mark.parametrize(
    ("leg", "why"),
    [
        (("margin", 0, 0), "ck_ledger_entries_amount"),
        (("margin", 0, 10**14 + 1), "ck_ledger_entries_amount"),
        (("pocket", 0, 100), "ck_ledger_entries_account"),
        (("margin", 7, 100), "ck_ledger_entries_owner"),
        (("member_available", 0, 100), "ck_ledger_entries_owner"),
        (("member_available", -1, 100), "ck_ledger_entries_owner"),
    ],
    ids=["of nothing", "of too much", "no such account", "house owned", "nobody's", "a ghost's"],
)
def test_a_leg_must_make_sense_by_itself(app: Raw, leg: Leg, why: str) -> None:
    transaction = open_transaction(app, "odd")
    with pytest.raises(errors.CheckViolation, match=why):
        add_legs(app, transaction, leg, ("margin", 0, -100))


@pytest.mark.parametrize("moment", ["infinity", "-infinity"])
def test_a_transaction_counts_at_a_moment_of_the_calendar(app: Raw, moment: str) -> None:
    with pytest.raises(errors.CheckViolation, match="ck_ledger_transactions_effective_at"):
        app.execute(
            "INSERT INTO ledger_transactions (reference, kind, effective_at)"
            " VALUES ('never', 'tracked', %s)",
            (moment,),
        )


def test_what_happened_is_posted_once(app: Raw) -> None:
    write(app, "purchase:1:confirmed:1", *EARNED)
    with pytest.raises(errors.UniqueViolation, match="uq_ledger_transactions_reference"):
        open_transaction(app, "purchase:1:confirmed:1")


def test_a_correction_names_a_transaction_that_exists(app: Raw) -> None:
    with pytest.raises(errors.ForeignKeyViolation, match="corrects"):
        app.execute(
            "INSERT INTO ledger_transactions (reference, kind, effective_at, corrects)"
            " VALUES ('correction', 'rejected', now(), 'nothing')"
        )


@pytest.mark.parametrize("table", [*TABLES, "member_balances"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_nothing_written_can_be_changed_or_deleted(app: Raw, table: str, verb: str) -> None:
    write(app, "earned", *EARNED)
    column = {"ledger_transactions": "kind", "ledger_entries": "amount"}.get(table, "available")
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute(verb.format(table, column, column).encode())


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO member_balances (member_id, available) VALUES (9, 100)",
        "INSERT INTO ledger_entries VALUES (1, 0, 'margin', 0, 1)"
        " ON CONFLICT (transaction_id, leg) DO UPDATE SET amount = 2",
        "MERGE INTO ledger_entries AS old USING (VALUES (1)) AS new (id) ON old.leg = new.id"
        " WHEN MATCHED THEN UPDATE SET amount = 2",
        "SELECT * FROM ledger_entries FOR UPDATE",
        "SELECT * FROM member_balances FOR UPDATE",
    ],
)
def test_nor_in_a_roundabout_way(app: Raw, statement: str) -> None:
    write(app, "earned", *EARNED)
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute(statement.encode())


@pytest.mark.parametrize(
    ("column", "value"), [("recorded_at", "'2010-01-01'"), ("written_by", "1")]
)
def test_when_we_knew_and_who_wrote_it_are_the_databases_own_word(
    app: Raw, column: str, value: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute(
            f"INSERT INTO ledger_transactions (reference, kind, effective_at, {column})"
            f" VALUES ('forged', 'tracked', now(), {value})".encode()
        )


def test_no_leg_is_added_to_an_older_transaction(app: Raw) -> None:
    older = write(app, "earned", *EARNED)
    with pytest.raises(errors.CheckViolation, match="written before"):
        add_legs(app, older, *EARNED, first=2)


def test_no_leg_is_added_to_a_transaction_of_another_session(app: Raw, other_app: Raw) -> None:
    transaction = open_transaction(app, "mine")
    add_legs(app, transaction, *EARNED)
    with pytest.raises(errors.IntegrityError):
        add_legs(other_app, transaction, ("margin", 0, 1), ("margin", 0, -1), first=2)


def test_what_a_member_does_not_have_cannot_be_paid_out(app: Raw) -> None:
    write(app, "earned", *EARNED)
    write(app, "paid", *PAID_OUT, kind="payout_submitted")
    with pytest.raises(errors.CheckViolation, match="less available"):
        write(app, "paid again", *PAID_OUT, kind="payout_submitted")


@pytest.mark.parametrize("kind", ["clawed_back", "bonus_clawed_back", "reward_clawed_back"])
def test_a_clawback_alone_makes_a_debt(app: Raw, kind: str) -> None:
    write(app, "earned", *EARNED)
    write(app, "paid", *PAID_OUT, kind="payout_submitted")
    taken = (("member_available", 1, 10_000), ("margin", 0, -10_000))
    write(app, "taken back", *taken, kind=kind)
    assert available(app) == -10_000


@pytest.mark.parametrize("account", ["member_pending", "member_in_flight"])
def test_only_what_is_available_can_be_a_debt(app: Raw, account: str) -> None:
    with pytest.raises(errors.CheckViolation, match="ck_member_balances_"):
        write(app, "x", (account, 1, 100), ("margin", 0, -100), kind="clawed_back")


def test_somebody_in_debt_is_paid_nothing_even_beside_new_earnings(app: Raw) -> None:
    write(app, "debt", ("member_available", 1, 50_000), ("margin", 0, -50_000), kind="clawed_back")
    earned = open_transaction(app, "earned")
    paid = open_transaction(app, "paid", "payout_submitted")
    with pytest.raises(errors.CheckViolation, match="less available"):
        app.execute(
            "INSERT INTO ledger_entries VALUES"
            " (%(earned)s, 0, 'margin', 0, 20000), (%(earned)s, 1, 'member_available', 1, -20000),"
            " (%(paid)s, 0, 'member_available', 1, 10000),"
            " (%(paid)s, 1, 'owed_to_operator', 0, -10000)",
            {"earned": earned, "paid": paid},
        )


def test_two_at_once_do_not_pay_out_the_same_money(app: Raw, other_app: Raw) -> None:
    write(app, "earned", *EARNED)
    add_legs(app, open_transaction(app, "first", "payout_submitted"), *PAID_OUT)
    second = open_transaction(other_app, "second", "payout_submitted")
    with ThreadPoolExecutor() as pool:
        late = pool.submit(add_legs, other_app, second, *PAID_OUT)
        with pytest.raises(TimeoutError):
            late.result(timeout=0.2)
        app.commit()
        with pytest.raises(errors.CheckViolation, match="less available"):
            late.result(timeout=20)


def test_a_copy_is_held_to_the_same_rules(app: Raw) -> None:
    transaction = open_transaction(app, "copied", "payout_submitted")
    with pytest.raises(errors.CheckViolation, match="less available"):
        _copy_legs(app, transaction, *PAID_OUT)


def _copy_legs(books: Raw, transaction: int, *legs: Leg) -> None:
    columns = b"(transaction_id, leg, account, owner_id, amount)"
    with books.cursor().copy(b"COPY ledger_entries " + columns + b" FROM STDIN") as copy:
        for number, leg in enumerate(legs):
            copy.write_row((transaction, number, *leg))
