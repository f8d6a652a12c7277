"""The monthly runs and their payouts."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE payout_fences")
    op.create_table(
        "settlement_runs",
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.Text(), server_default="prepared", nullable=False),
        sa.Column("as_of", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("payouts", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("prepared_by", sa.Text(), nullable=False),
        sa.Column(
            "prepared_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("considered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("paused_by", sa.Text(), nullable=True),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("done_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "period ~ '^20[0-9]{2}-(0[1-9]|1[0-2])$'", name=op.f("ck_settlement_runs_period")
        ),
        sa.CheckConstraint(
            "state IN ('approved', 'closed', 'done', 'paused', 'prepared', 'running')",
            name=op.f("ck_settlement_runs_state"),
        ),
        sa.CheckConstraint(
            "approved_by <> prepared_by", name=op.f("ck_settlement_runs_two_people")
        ),
        sa.CheckConstraint(
            "(state = 'prepared') = (approved_by IS NULL)", name=op.f("ck_settlement_runs_approved")
        ),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_settlement_runs")),
    )
    op.create_table(
        "payouts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("number_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="prepared", nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("sent_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("sent_again_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.Column("asked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ask_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('claimed', 'failed', 'paid', 'prepared', 'submitted', 'unknown', 'with_staff', 'withheld')",
            name=op.f("ck_payouts_state"),
        ),
        sa.CheckConstraint("amount BETWEEN 1 AND 100000000000000", name=op.f("ck_payouts_amount")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_payouts_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["number_id"], ["numbers.id"], name=op.f("fk_payouts_number_id_numbers")
        ),
        sa.ForeignKeyConstraint(
            ["period"],
            ["settlement_runs.period"],
            name=op.f("fk_payouts_period_settlement_runs"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint(
            "member_id", "period", "number_id", name=op.f("uq_payouts_member_id_period_number_id")
        ),
    )
    op.create_index(
        "ix_payouts_open",
        "payouts",
        ["period", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('prepared', 'claimed', 'submitted', 'unknown')"),
    )
    op.create_index(
        "ix_payouts_unknown",
        "payouts",
        ["ask_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('submitted', 'unknown')"),
    )
    op.create_index(
        "ix_payouts_claimed",
        "payouts",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'claimed'"),
    )
    op.create_index(
        op.f("ix_payouts_period_member_id"), "payouts", ["period", "member_id"], unique=False
    )
    op.create_table(
        "settlement_watch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("pulse_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("pulse_business_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("database_mark", sa.Text(), nullable=True),
        sa.Column("guarded_since", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("guarded_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("guard_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_settlement_watch_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_watch")),
    )
    op.execute("INSERT INTO settlement_watch (id) VALUES (1)")
    op.execute(
        "GRANT SELECT, UPDATE (since, pulse_at, pulse_business_at, database_mark, guarded_since,"
        " guarded_at, guard_reason) ON settlement_watch TO tracker_app"
    )
    for statement in _GATE:
        op.execute(statement)
    for statement in _SEAL:
        op.execute(statement)
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (state, fence, lease_until, sent_at, sent_again_at, accepted_at, request_hash, asked, ask_at, reference, paid_at, reason, ended_at) ON payouts TO tracker_app"
    )
    op.execute("GRANT USAGE ON SEQUENCE payout_fences TO tracker_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION settlement_may_send()")
    op.execute("DROP FUNCTION settlement_database_mark()")
    op.drop_table("settlement_watch")
    op.drop_table("payouts")
    op.drop_table("settlement_runs")
    op.execute("DROP FUNCTION payouts_refuse_late_lines()")
    op.execute("DROP FUNCTION settlement_runs_await_lines()")
    op.execute("DROP SEQUENCE payout_fences")


# Which database this is: a copy has another oid, a restored cluster another timeline or identifier.
# Whoever claims asks the second: a copy must not send before it has been looked at. A pulse of the
# future is no sign of life: a clock was set back, and would count as fresh for as long as that.
_GATE = (
    """
    CREATE FUNCTION settlement_database_mark() RETURNS text LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
        SELECT concat_ws('.', (SELECT system_identifier FROM pg_control_system()),
                         (SELECT timeline_id FROM pg_control_checkpoint()),
                         (SELECT oid FROM pg_database WHERE datname = current_database()))
    $$
    """,
    """
    CREATE FUNCTION settlement_may_send() RETURNS boolean LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
        SELECT EXISTS (
            SELECT FROM public.settlement_watch
            WHERE guarded_since IS NULL
              AND pulse_at BETWEEN clock_timestamp() - interval '15 minutes'
                               AND clock_timestamp() + interval '5 minutes'
              AND database_mark = public.settlement_database_mark()
        )
    $$
    """,
    "REVOKE ALL ON FUNCTION settlement_database_mark(), settlement_may_send() FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION settlement_database_mark(), settlement_may_send() TO tracker_app",
)

# A list is drawn up before its run is written, in one transaction; from then on it is sealed. What
# was sealed cannot be changed by the application, nor can a run begin as anything but prepared.
#
# Whoever adds lines shares a lock on their month until the end, and the run's row is written alone:
# lines that somebody else had put in before are waited for, and fail, as they still have no run;
# later ones see the run. A few locks for a whole list, since all of it is asked by statement.
_SEAL = (
    """
    CREATE FUNCTION payouts_refuse_late_lines() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('settlement:' || period, 0))
        FROM (SELECT DISTINCT period FROM fresh ORDER BY period) AS lines;
        IF EXISTS (
            SELECT FROM (SELECT DISTINCT period FROM fresh) AS lines
            JOIN public.settlement_runs AS run ON run.period = lines.period
        ) THEN
            RAISE EXCEPTION 'a list that was sealed takes no further line'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'payouts_sealed';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER payouts_sealed AFTER INSERT ON payouts REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION payouts_refuse_late_lines()
    """,
    """
    CREATE FUNCTION settlement_runs_await_lines() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('settlement:' || period, 0))
        FROM (SELECT period FROM fresh ORDER BY period) AS runs;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER settlement_runs_alone AFTER INSERT ON settlement_runs
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_runs_await_lines()
    """,
    "REVOKE ALL ON FUNCTION payouts_refuse_late_lines(), settlement_runs_await_lines() FROM PUBLIC",
    "GRANT SELECT,"
    " INSERT (period, as_of, payouts, total, sha256, prepared_by,"
    " considered_at, paused_by, pause_reason,"
    " approved_by, approved_at, started_at, done_at, closed_at),"
    " UPDATE (state, considered_at, paused_by, pause_reason, approved_by, approved_at, started_at,"
    " done_at,"
    " closed_at)"
    " ON settlement_runs TO tracker_app",
)
