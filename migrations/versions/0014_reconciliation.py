"""The operator's statements, and what differs from our books."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("settlement_watch", sa.Column("held_by", sa.Text(), nullable=True))
    op.create_table(
        "operator_statements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="fetching", nullable=False),
        sa.Column("lines", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("lease_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "began_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("fetched_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("compared_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('compared', 'dropped', 'fetched', 'fetching')",
            name=op.f("ck_operator_statements_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_statements")),
    )
    for state in ("compared", "fetching", "fetched"):
        op.create_index(
            f"uq_operator_statements_{state}",
            "operator_statements",
            ["day"],
            unique=True,
            postgresql_where=sa.text(f"state = '{state}'"),
        )
    op.create_table(
        "statement_lines",
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("reference", sa.Text(collation="C"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("number_matches", sa.Boolean(), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["operator_statements.id"],
            name=op.f("fk_statement_lines_statement_id_operator_statements"),
        ),
        sa.PrimaryKeyConstraint("statement_id", "line", name=op.f("pk_statement_lines")),
    )
    op.create_index(op.f("ix_statement_lines_payout_id"), "statement_lines", ["payout_id"])
    op.create_index(op.f("ix_statement_lines_key"), "statement_lines", ["key"])
    op.create_table(
        "settlement_findings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("reference", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("period", sa.Text(collation="C"), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("ours", sa.BigInteger(), nullable=True),
        sa.Column("theirs", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column(
            "opened_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('amount_differs', 'contradiction', 'duplicate', 'extra', 'missing',"
            " 'unsettled')",
            name=op.f("ck_settlement_findings_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('explained', 'open', 'taken')", name=op.f("ck_settlement_findings_state")
        ),
        sa.CheckConstraint(
            "(state = 'explained') = (explanation IS NOT NULL AND closed_at IS NOT NULL)",
            name=op.f("ck_settlement_findings_explained"),
        ),
        sa.CheckConstraint(
            "state = 'open' OR owner IS NOT NULL", name=op.f("ck_settlement_findings_owned")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_findings")),
        sa.UniqueConstraint(
            "kind", "key", "reference", name=op.f("uq_settlement_findings_kind_key_reference")
        ),
    )
    op.create_index(
        "ix_settlement_findings_unexplained",
        "settlement_findings",
        ["id"],
        postgresql_where=sa.text("state <> 'explained'"),
    )
    op.create_index(op.f("ix_settlement_findings_payout_id"), "settlement_findings", ["payout_id"])
    op.create_index(
        "ix_payouts_paid_at", "payouts", ["paid_at"], postgresql_where=sa.text("state = 'paid'")
    )
    for statement in (*_RIGHTS, *_EVIDENCE):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION forget_dropped_statements(integer)")
    op.drop_index("ix_payouts_paid_at", "payouts")
    op.drop_table("settlement_findings")
    op.drop_table("statement_lines")
    op.drop_table("operator_statements")
    op.execute("DROP FUNCTION statements_stay()")
    op.execute("DROP FUNCTION statement_lines_stay()")
    op.drop_column("settlement_watch", "held_by")


# The application deletes nothing: what was fetched in part, or is outdone by a later statement of
# the same day, a function of the owner forgets, some at a time.
_RIGHTS = (
    """
    CREATE FUNCTION forget_dropped_statements(most integer) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        WITH gone AS (
            DELETE FROM public.statement_lines AS lines
            USING (SELECT old.statement_id, old.line FROM public.statement_lines AS old
                   JOIN public.operator_statements AS statement ON statement.id = old.statement_id
                   WHERE statement.state = 'dropped' LIMIT most) AS chosen
            WHERE lines.statement_id = chosen.statement_id AND lines.line = chosen.line
            RETURNING 1
        )
        SELECT count(*) FROM gone
    $$
    """,
    "REVOKE ALL ON FUNCTION forget_dropped_statements(integer) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION forget_dropped_statements(integer) TO tracker_app",
    "GRANT SELECT, INSERT, UPDATE (state, lines, total, lease_until, fetched_at, compared_at)"
    " ON operator_statements TO tracker_app",
    "GRANT SELECT, INSERT, UPDATE (payout_id, number_matches) ON statement_lines TO tracker_app",
    "GRANT UPDATE (held_by) ON settlement_watch TO tracker_app",
    "GRANT SELECT, INSERT, UPDATE (payout_id, period, day, ours, theirs, detail, state, owner,"
    " explanation, opened_at, closed_at) ON settlement_findings TO tracker_app",
)

# What a day was compared with is evidence: it goes only for a later reading of that day, by the end
# of the unit of work that compares it, and its lines stand for what they stood for when compared.
_EVIDENCE = (
    """
    CREATE FUNCTION statements_stay() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF NEW.state NOT IN ('compared', 'dropped')
           OR (NEW.lines, NEW.total, NEW.fetched_at, NEW.compared_at)
              IS DISTINCT FROM (OLD.lines, OLD.total, OLD.fetched_at, OLD.compared_at)
           OR (NEW.state = 'dropped' AND NOT EXISTS (
                   SELECT FROM public.operator_statements AS latter
                   WHERE latter.day = OLD.day AND latter.id > OLD.id AND latter.state = 'compared'
               ))
        THEN
            RAISE EXCEPTION 'what a day was compared with goes only for a later reading of it'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_statements_stay';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE CONSTRAINT TRIGGER operator_statements_stay AFTER UPDATE ON operator_statements
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.state = 'compared')
    EXECUTE FUNCTION statements_stay()
    """,
    """
    CREATE FUNCTION statement_lines_stay() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM public.operator_statements AS statement
            WHERE statement.state = 'compared'
              AND statement.id IN (SELECT statement_id FROM fresh)
        ) THEN
            RAISE EXCEPTION 'what a day was compared with stays as it was'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_lines_stay';
        END IF;
        RETURN NULL;
    END $$
    """,
    *(
        f"""
        CREATE TRIGGER statement_lines_stay_{act.lower()} AFTER {act} ON statement_lines
        REFERENCING NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION statement_lines_stay()
        """
        for act in ("INSERT", "UPDATE")
    ),
    "REVOKE ALL ON FUNCTION statements_stay(), statement_lines_stay() FROM PUBLIC",
)
