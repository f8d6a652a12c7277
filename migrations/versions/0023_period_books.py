"""Checks of months that are to be closed, and the seals of those that were."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "period_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("as_of", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column(
            "asked_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("finished_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("obstacles", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (obstacles IS NULL)", name=op.f("ck_period_checks_finished")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_checks")),
    )
    op.create_index(op.f("ix_period_checks_period_id"), "period_checks", ["period", "id"])
    op.create_index(
        "ix_period_checks_waiting",
        "period_checks",
        ["id"],
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "period_documents",
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["period"],
            ["closed_periods.period"],
            name=op.f("fk_period_documents_period_closed_periods"),
        ),
        sa.PrimaryKeyConstraint("period", "name", name=op.f("pk_period_documents")),
    )
    op.execute(
        "CREATE TRIGGER period_documents_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON period_documents FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()"
    )
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (finished_at, obstacles) ON period_checks TO tracker_app"
    )
    op.execute("GRANT SELECT, INSERT ON period_documents TO tracker_app")


def downgrade() -> None:
    op.drop_table("period_documents")
    op.drop_table("period_checks")
