"""What one of the staff proposes and another approves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _make_proposals()
    for statement in (*_FUNCTIONS, *_TRIGGERS, *_GRANTS):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("proposals")
    op.execute("DROP FUNCTION proposals_decided_once()")


def _make_proposals() -> None:
    text, instant = sa.Text(collation="C"), sa.TIMESTAMP(timezone=True)
    op.create_table(
        "proposals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("action", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("slot", text, nullable=True),
        sa.Column("payload", JSONB(), nullable=False),
        sa.Column("payload_sha256", text, nullable=False),
        sa.Column("seen", JSONB(), nullable=False),
        sa.Column("seen_sha256", text, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request_key", text, nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", instant, nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('approved', 'expired', 'proposed', 'rejected', 'stale', 'withdrawn')",
            name=op.f("ck_proposals_state"),
        ),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_at IS NULL)", name=op.f("ck_proposals_decided")
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'rejected', 'stale')"
            " OR lower(decided_by) <> lower(proposed_by)",
            name=op.f("ck_proposals_two_people"),
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'expired') OR decided_by IS NOT NULL",
            name=op.f("ck_proposals_decided_by"),
        ),
        sa.CheckConstraint(
            "state <> 'approved' OR decided_at < expires_at", name=op.f("ck_proposals_in_time")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
    )
    op.create_index(
        "uq_proposals_slot",
        "proposals",
        ["slot"],
        unique=True,
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_index(
        "uq_proposals_request_key",
        "proposals",
        ["action", "proposed_by", "request_key"],
        unique=True,
        postgresql_where=sa.text("request_key IS NOT NULL"),
    )
    op.create_index(
        "ix_proposals_waiting",
        "proposals",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_index("ix_proposals_action", "proposals", ["action", "id"], unique=False)
    op.create_index("ix_proposals_subject", "proposals", ["subject", "id"], unique=False)


_FUNCTIONS = (
    # Whatever the application thinks it knows: a proposal is decided once, and now.
    """
    CREATE FUNCTION proposals_decided_once() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF OLD.state <> 'proposed' THEN
            RAISE EXCEPTION 'proposal % is % for good', OLD.id, OLD.state
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        NEW.decided_at := CASE WHEN NEW.state = 'proposed' THEN NULL ELSE clock_timestamp() END;
        RETURN NEW;
    END $$
    """,
)

_TRIGGERS = (
    """
    CREATE TRIGGER proposals_decided_once BEFORE UPDATE ON proposals
    FOR EACH ROW EXECUTE FUNCTION proposals_decided_once()
    """,
)

_GRANTS = (
    "GRANT SELECT, INSERT (action, subject, slot, payload, payload_sha256, seen, seen_sha256,"
    " reason, request_key, proposed_by, expires_at),"
    " UPDATE (state, decided_by, decision_reason) ON proposals TO tracker_app",
    "REVOKE ALL ON FUNCTION proposals_decided_once() FROM PUBLIC",
)
