"""Forecasts: what the next 1sts may cost, how pending cashback ends, who rejects unlike itself."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_CUMULATED = postgresql.ARRAY(sa.Integer())


def upgrade() -> None:
    _forecasts()
    _curves()
    for table, changed in (
        ("forecasts", "UPDATE (made_at, purchases, members, one_in)"),
        ("forecast_costs", ""),
        ("forecast_curves", "UPDATE"),
        ("forecast_watches", "UPDATE"),
    ):
        rights = ", ".join(filter(None, ("SELECT", "INSERT", changed)))
        op.execute(f"GRANT {rights} ON {table} TO tracker_app")


def _forecasts() -> None:
    op.create_table(
        "forecasts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("as_of", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column(
            "begun_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("purchases", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("members", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("one_in", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("one_in >= 1", name=op.f("ck_forecasts_one_in")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecasts")),
    )
    op.create_index("ix_forecasts_as_of", "forecasts", ["as_of", "id"], unique=False)
    op.create_table(
        "forecast_costs",
        sa.Column("forecast_id", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(collation="C"), nullable=False),
        sa.Column("p10", sa.BigInteger(), nullable=False),
        sa.Column("p50", sa.BigInteger(), nullable=False),
        sa.Column("p90", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "scope IN ('bought', 'everything')", name=op.f("ck_forecast_costs_scope")
        ),
        sa.CheckConstraint(
            "period = 'all' OR period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'",
            name=op.f("ck_forecast_costs_period"),
        ),
        sa.CheckConstraint(
            "0 <= p10 AND p10 <= p50 AND p50 <= p90", name=op.f("ck_forecast_costs_order")
        ),
        sa.ForeignKeyConstraint(
            ["forecast_id"],
            ["forecasts.id"],
            name=op.f("fk_forecast_costs_forecast_id_forecasts"),
        ),
        sa.PrimaryKeyConstraint("forecast_id", "scope", "period", name=op.f("pk_forecast_costs")),
    )


def _curves() -> None:
    op.create_table(
        "forecast_curves",
        sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("forecast_id", sa.BigInteger(), nullable=False),
        sa.Column("purchases", sa.BigInteger(), nullable=False),
        sa.Column("confirmed", _CUMULATED, nullable=False),
        sa.Column("rejected", _CUMULATED, nullable=False),
        sa.Column("money_confirmed", _CUMULATED, nullable=False),
        sa.Column("money_rejected", _CUMULATED, nullable=False),
        sa.ForeignKeyConstraint(
            ["forecast_id"],
            ["forecasts.id"],
            name=op.f("fk_forecast_curves_forecast_id_forecasts"),
        ),
        sa.PrimaryKeyConstraint("shop_id", name=op.f("pk_forecast_curves")),
    )
    op.create_table(
        "forecast_watches",
        sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("forecast_id", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("expected_thousandths", sa.BigInteger(), nullable=False),
        sa.Column("odds", sa.BigInteger(), nullable=False),
        sa.Column("bar", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "rejected >= 0 AND expected_thousandths >= 0", name=op.f("ck_forecast_watches_counts")
        ),
        sa.ForeignKeyConstraint(
            ["forecast_id"],
            ["forecasts.id"],
            name=op.f("fk_forecast_watches_forecast_id_forecasts"),
        ),
        sa.PrimaryKeyConstraint("shop_id", name=op.f("pk_forecast_watches")),
    )


def downgrade() -> None:
    for table in ("forecast_watches", "forecast_curves", "forecast_costs", "forecasts"):
        op.drop_table(table)
