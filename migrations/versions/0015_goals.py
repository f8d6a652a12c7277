"""Goals: money put aside for them is an account of the member's own."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KINDS = (
    "bonus_clawed_back", "bonus_confirmed", "bonus_rejected", "bonus_tracked", "clawed_back",
    "confirmed", "payout_failed", "payout_paid", "payout_submitted", "rejected",
    "reward_clawed_back", "reward_confirmed", "reward_rejected", "reward_tracked", "tracked",
)  # fmt: skip
_NEW_KINDS = (
    "goal_reserved", "goal_released",
    "certificate_ordered", "certificate_redeemed", "certificate_voided",
)  # fmt: skip
_OWNED = (
    "member_available", "member_in_flight", "member_pending", "shop_pending_commission",
    "shop_receivable",
)  # fmt: skip
_HOUSE = ("margin", "marketing_expense", "owed_to_operator", "pending_margin")
_NEW_HOUSE = ("certificates_outstanding", "owed_to_salons")
_NOTICES = (
    "already_member", "cashback_confirmed", "cashback_rejected", "cashback_taken_back",
    "cashback_tracked", "certificate_issued", "claim_answered", "email_changed", "email_code",
    "erasure_code", "joining_code", "new_number_code", "number_changed", "number_code",
    "password_changed", "payout_failed", "payout_paid", "relative_added", "relative_code",
    "reward_confirmed", "reward_tracked", "sign_in_code", "signed_in", "welcome",
)  # fmt: skip


def upgrade() -> None:
    op.add_column(
        "member_balances",
        sa.Column("reserved", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_member_balances_reserved"), "member_balances", "reserved >= 0"
    )
    _say_what_there_is(
        (*_KINDS, *_NEW_KINDS),
        (*_OWNED, "member_reserved"),
        (*_HOUSE, *_NEW_HOUSE),
        (*_NOTICES, "goal_reached"),
    )
    op.execute(_KEEP_BALANCES.format(kept=_SUM_OF_RESERVED, moved=_RESERVED_MOVED))
    op.create_table(
        "goals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("moves", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reached_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state IN ('active', 'dropped', 'paused', 'spent')", name=op.f("ck_goals_state")
        ),
        sa.CheckConstraint("target BETWEEN 1 AND 100000000000000", name=op.f("ck_goals_target")),
        sa.CheckConstraint("reserved BETWEEN 0 AND target", name=op.f("ck_goals_reserved")),
        sa.CheckConstraint("place >= 1", name=op.f("ck_goals_place")),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (state IN ('dropped', 'spent'))"
            " AND (ended_at IS NULL OR reserved = 0)",
            name=op.f("ck_goals_ended"),
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_goals_member_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goals")),
    )
    op.create_index(
        "ix_goals_open",
        "goals",
        ["member_id", "place"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.execute(
        "GRANT SELECT, INSERT,"
        " UPDATE (name, target, reserved, place, state, moves, reached_at, ended_at)"
        " ON goals TO tracker_app"
    )


def downgrade() -> None:
    op.drop_table("goals")
    op.execute(_KEEP_BALANCES.format(kept="", moved=""))
    _say_what_there_is(_KINDS, _OWNED, _HOUSE, _NOTICES)
    op.drop_constraint(op.f("ck_member_balances_reserved"), "member_balances")
    op.drop_column("member_balances", "reserved")


def _say_what_there_is(
    kinds: tuple[str, ...],
    owned: tuple[str, ...],
    house: tuple[str, ...],
    notices: tuple[str, ...],
) -> None:
    """The words that may stand in the ledger and in notices. Reads each table once, some seconds for a
    million rows."""
    for name, table, condition in (
        ("ck_ledger_transactions_kind", "ledger_transactions", f"kind IN ({_listed(kinds)})"),
        ("ck_notifications_kind", "notifications", f"kind IN ({_listed(notices)})"),
        ("ck_ledger_entries_account", "ledger_entries", f"account IN ({_listed(owned + house)})"),
        (
            "ck_ledger_entries_owner",
            "ledger_entries",
            f"owner_id >= 0 AND (owner_id <> 0) = (account IN ({_listed(owned)}))",
        ),
    ):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition})")


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))


# As 0001 made it, with one balance more.
_KEEP_BALANCES = """
    CREATE OR REPLACE FUNCTION ledger_keep_balances() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
        broke bigint;
    BEGIN
        PERFORM public.ledger_lock_members(
            ARRAY(SELECT DISTINCT owner_id FROM fresh WHERE starts_with(account, 'member_'))
        );

        UPDATE public.member_balances AS balances
        SET pending = balances.pending + moved.pending,
            available = balances.available + moved.available,
            in_flight = balances.in_flight + moved.in_flight{kept}
        FROM (
            SELECT owner_id,
                   coalesce(-sum(amount) FILTER (WHERE account = 'member_pending'), 0) AS pending,
                   coalesce(-sum(amount) FILTER (WHERE account = 'member_available'), 0) AS available,
                   coalesce(-sum(amount) FILTER (WHERE account = 'member_in_flight'), 0) AS in_flight{moved}
            FROM fresh WHERE starts_with(account, 'member_') GROUP BY owner_id
        ) AS moved
        WHERE balances.member_id = moved.owner_id;

        -- Below zero by a clawback alone: a debt, never an overdraft. What comes in by the same
        -- statement pays off the debt, it does not leave room for taking.
        SELECT balances.member_id INTO broke
        FROM fresh
        JOIN public.ledger_transactions AS written ON written.id = fresh.transaction_id
        JOIN public.member_balances AS balances ON balances.member_id = fresh.owner_id
        WHERE balances.available < 0
          AND fresh.account = 'member_available' AND fresh.amount > 0
          AND written.kind NOT IN ('clawed_back', 'bonus_clawed_back', 'reward_clawed_back')
        LIMIT 1;
        IF broke IS NOT NULL THEN
            RAISE EXCEPTION 'member % has less available than this takes', broke
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_member_balances_available';
        END IF;
        RETURN NULL;
    END $$
"""
_SUM_OF_RESERVED = """,
            reserved = balances.reserved + moved.reserved"""
_RESERVED_MOVED = """,
                   coalesce(-sum(amount) FILTER (WHERE account = 'member_reserved'), 0) AS reserved"""
