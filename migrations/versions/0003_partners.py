"""Shops, their secrets, dialects and offers; what comes to their doors, counted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shops",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("slug", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_uk", sa.Text(), nullable=True),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("subsection", sa.Text(), nullable=False),
        sa.Column("site_url", sa.Text(), nullable=False),
        sa.Column("link_template", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("door_version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "section IN ('leisure', 'online-shops', 'operator-offers', 'retail', 'services', 'travel')",
            name=op.f("ck_shops_section"),
        ),
        sa.CheckConstraint("status IN ('active', 'left')", name=op.f("ck_shops_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shops")),
        sa.UniqueConstraint("slug", name=op.f("uq_shops_slug")),
    )
    op.create_table(
        "webhook_secrets",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="issued", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("valid_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('given', 'issued', 'trial')", name=op.f("ck_webhook_secrets_kind")
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_webhook_secrets_shop_id_shops")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_secrets")),
    )
    op.create_index(
        op.f("ix_webhook_secrets_shop_id"), "webhook_secrets", ["shop_id"], unique=False
    )
    op.create_table(
        "shop_dialects",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=True),
        sa.Column(
            "set_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "dialect ~ '^[a-z][a-z0-9-]{0,29}$'", name=op.f("ck_shop_dialects_dialect")
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_shop_dialects_shop_id_shops")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_dialects")),
    )
    op.create_index("ix_shop_dialects_shop_id_id", "shop_dialects", ["shop_id", "id"])
    op.create_table(
        "offers",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("cashback_bp", sa.Integer(), nullable=False),
        sa.Column("commission_bp", sa.Integer(), nullable=False),
        sa.Column("hold_days", sa.Integer(), nullable=False),
        sa.Column("on_hold_end", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "on_hold_end IN ('confirm', 'reject', 'wait_for_staff')",
            name=op.f("ck_offers_on_hold_end"),
        ),
        sa.CheckConstraint("cashback_bp BETWEEN 0 AND 5000", name=op.f("ck_offers_cashback_bp")),
        sa.CheckConstraint(
            "commission_bp BETWEEN 0 AND 10000", name=op.f("ck_offers_commission_bp")
        ),
        sa.CheckConstraint("hold_days BETWEEN 0 AND 90", name=op.f("ck_offers_hold_days")),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_offers_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "valid_from", name=op.f("pk_offers")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON shops TO tracker_app")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (sealed, valid_until, revoked_at, last_used_at) ON webhook_secrets TO tracker_app"
    )
    op.execute("GRANT SELECT, INSERT ON shop_dialects TO tracker_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON offers TO tracker_app")
    _make_catalogue()
    _make_observations()


def _make_catalogue() -> None:
    op.create_table(
        "catalogue_version",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_catalogue_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_version")),
    )
    op.execute("INSERT INTO catalogue_version (id) VALUES (1)")
    op.execute(_CATALOGUE_HAS_CHANGED)
    for table, event in (
        ("shops", f"INSERT OR DELETE OR UPDATE OF {_SHOWN_OF_SHOPS}"),
        ("offers", "INSERT OR DELETE OR UPDATE"),
    ):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_change_the_catalogue AFTER {event} ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION catalogue_has_changed()"
        )
    op.execute("REVOKE ALL ON FUNCTION catalogue_has_changed() FROM PUBLIC")
    op.execute("GRANT SELECT ON catalogue_version TO tracker_app")


_SHOWN_OF_SHOPS = "slug, name, name_uk, name_en, section, subsection, site_url, status"

# Once for each transaction, and at its COMMIT: whoever sees the new version sees all of what was
# changed, and the row, which everybody shares, is locked after all others and for a moment only.
_CATALOGUE_HAS_CHANGED = """
    CREATE FUNCTION catalogue_has_changed() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF coalesce(current_setting('tracker.catalogue_has_changed', true), '') <> 'yes' THEN
            UPDATE public.catalogue_version SET version = version + 1;
            PERFORM set_config('tracker.catalogue_has_changed', 'yes', true);
        END IF;
        RETURN NULL;
    END $$
"""


def _make_observations() -> None:
    op.create_table(
        "door_counts",
        sa.Column("shop_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hour", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(collation="C"), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'conflict', 'duplicate', 'failed', 'invalid', 'left', 'rate', 'signature', 'timestamp', 'too_large')",
            name=op.f("ck_door_counts_outcome"),
        ),
        sa.PrimaryKeyConstraint("shop_id", "hour", "outcome", name=op.f("pk_door_counts")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "ix_door_counts_forged",
        "door_counts",
        ["hour"],
        postgresql_where=sa.text("outcome IN ('signature', 'timestamp')"),
    )
    op.create_index(
        "ix_door_counts_refused",
        "door_counts",
        ["shop_id", "hour"],
        postgresql_where=sa.text("outcome NOT IN ('accepted', 'duplicate')"),
    )
    op.create_table(
        "door_alarms",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "raised_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_door_alarms_shop_id_shops")
        ),
        sa.PrimaryKeyConstraint("shop_id", "hour", name=op.f("pk_door_alarms")),
    )
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (count, first_at, last_at) ON door_counts TO tracker_app"
    )
    op.execute("GRANT SELECT, INSERT ON door_alarms TO tracker_app")


def downgrade() -> None:
    op.drop_table("door_alarms")
    op.drop_table("door_counts")
    op.drop_table("offers")
    op.drop_table("shop_dialects")
    op.drop_table("webhook_secrets")
    op.drop_table("shops")
    op.drop_table("catalogue_version")
    op.execute("DROP FUNCTION catalogue_has_changed()")
