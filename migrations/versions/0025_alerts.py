"""Conditions that somebody should look at, and of what they hold."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_conditions",
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("looked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "next_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_alert_conditions")),
    )
    op.create_table(
        "alerts",
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("subject", sa.Text(collation="C"), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column(
            "since",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["name"], ["alert_conditions.name"], name=op.f("fk_alerts_name_alert_conditions")
        ),
        sa.PrimaryKeyConstraint("name", "subject", name=op.f("pk_alerts")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON alert_conditions, alerts TO tracker_app")


def downgrade() -> None:
    op.drop_table("alerts")
    op.drop_table("alert_conditions")
