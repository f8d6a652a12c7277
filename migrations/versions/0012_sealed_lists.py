"""What a list was sealed as, and how it came from the month before."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sealed_chunks",
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_member", sa.BigInteger(), nullable=False),
        sa.Column("last_member", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["period"],
            ["settlement_runs.period"],
            name=op.f("fk_sealed_chunks_period_settlement_runs"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("period", "place", name=op.f("pk_sealed_chunks")),
    )
    op.create_table(
        "settlement_bridges",
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("previous", sa.Text(collation="C"), nullable=True),
        sa.Column("database_mark", sa.Text(), nullable=False),
        sa.Column("settled_below", sa.BigInteger(), nullable=False),
        sa.Column("settled_since", sa.TIMESTAMP(timezone=True), nullable=False),
        _of_run("settlement_bridges"),
        sa.ForeignKeyConstraint(
            ["previous"],
            ["settlement_runs.period"],
            name=op.f("fk_settlement_bridges_previous_settlement_runs"),
        ),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_settlement_bridges")),
    )
    op.create_table(
        "settlement_bridge_lines",
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("step", sa.Text(collation="C"), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("step ~ '^[a-z_]+$'", name=op.f("ck_settlement_bridge_lines_step")),
        _of_run("settlement_bridge_lines"),
        sa.PrimaryKeyConstraint("period", "step", name=op.f("pk_settlement_bridge_lines")),
    )
    op.create_table(
        "settlement_booked_sums",
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("settled_count", sa.BigInteger(), nullable=False),
        sa.Column("settled_amount", sa.BigInteger(), nullable=False),
        _of_run("settlement_booked_sums"),
        sa.PrimaryKeyConstraint("period", "kind", name=op.f("pk_settlement_booked_sums")),
    )
    # Written in order, so that it costs a posting next to nothing.
    op.create_index(
        "ix_ledger_transactions_written_by",
        "ledger_transactions",
        ["written_by"],
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )
    for statement in _APPEND_ONLY:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index("ix_ledger_transactions_written_by", "ledger_transactions")
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION settlement_refuse_change()")


def _of_run(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_period_settlement_runs")
    return sa.ForeignKeyConstraint(["period"], ["settlement_runs.period"], name=name)


_TABLES = (
    "sealed_chunks",
    "settlement_bridges",
    "settlement_bridge_lines",
    "settlement_booked_sums",
)

# What a list was sealed as stays so, for the owner of the tables as well; nor can a piece be added
# to a list that was sealed.
_APPEND_ONLY = (
    """
    CREATE FUNCTION settlement_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% on %: what a list was sealed as is never changed', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    "REVOKE ALL ON FUNCTION settlement_refuse_change() FROM PUBLIC",
    *(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION settlement_refuse_change()
        """
        for table in _TABLES
    ),
    """
    CREATE TRIGGER sealed_chunks_sealed AFTER INSERT ON sealed_chunks
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION payouts_refuse_late_lines()
    """,
    f"GRANT SELECT, INSERT ON {', '.join(_TABLES)} TO tracker_app",
)
