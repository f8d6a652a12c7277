"""What one of the staff proposes and another approves; what they so give to members, or take."""

import json
from hashlib import sha256

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _make_proposals()
    _make_adjustments()
    _tell_of({*_TOLD_BEFORE, *_TOLD_SINCE})
    _take_voids()
    for statement in (*_FUNCTIONS, *_TRIGGERS, *_GRANTS):
        op.execute(statement)


def downgrade() -> None:
    _give_voids_back()
    op.execute(f"DELETE FROM notifications WHERE kind IN ({_listed(_TOLD_SINCE)})")
    _tell_of(_TOLD_BEFORE)
    op.drop_table("adjustments")
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
        ["proposed_by", "request_key"],
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


def _make_adjustments() -> None:
    instant = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "adjustments",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("effective_at", instant, nullable=False),
        sa.Column("recorded_at", instant, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('credit', 'debit', 'goodwill', 'write_off')", name=op.f("ck_adjustments_kind")
        ),
        sa.CheckConstraint(
            "cause IN ('apology', 'credited_in_error', 'fraud', 'missing_cashback', 'operator_paid',"
            " 'other', 'our_mistake', 'promised', 'uncollectable', 'wrong_amount')",
            name=op.f("ck_adjustments_cause"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_adjustments_amount")),
        sa.CheckConstraint(
            "(cause = 'operator_paid') = (payout_id IS NOT NULL)",
            name=op.f("ck_adjustments_payout"),
        ),
        sa.ForeignKeyConstraint(["id"], ["proposals.id"], name=op.f("fk_adjustments_id_proposals")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_adjustments_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payouts.id"], name=op.f("fk_adjustments_payout_id_payouts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustments")),
    )
    op.create_index(
        "uq_adjustments_payout_id",
        "adjustments",
        ["payout_id"],
        unique=True,
        postgresql_where=sa.text("payout_id IS NOT NULL"),
    )
    op.create_index(
        "ix_adjustments_member", "adjustments", ["member_id", "effective_at", "id"], unique=False
    )


def _take_voids() -> None:
    """Voids of certificates become proposals like any other, and keep their numbers."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT void.*, certificate.amount, certificate.member_id FROM certificate_voids AS void"
            " JOIN certificates AS certificate ON certificate.id = void.certificate_id"
            " ORDER BY void.id"
        )
    ).mappings()
    for row in rows.all():
        payload = _canonical({"certificate_id": row["certificate_id"], "amount": row["amount"]})
        seen = _canonical({"member_id": row["member_id"], "amount": row["amount"]})
        given = {**row, "payload": payload, "payload_sha256": _sha256(payload)}
        connection.execute(_TAKE, {**given, "seen": seen, "seen_sha256": _sha256(seen)})
    op.execute(
        "SELECT setval(pg_get_serial_sequence('proposals', 'id'), max(id)) FROM proposals"
        " HAVING max(id) IS NOT NULL"
    )
    op.drop_table("certificate_voids")


def _canonical(facts: dict[str, int]) -> str:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()


_TAKE = sa.text("""
    INSERT INTO proposals (id, action, subject, slot, payload, payload_sha256, seen, seen_sha256,
        reason, proposed_by, proposed_at, expires_at, state, decided_by, decided_at)
    OVERRIDING SYSTEM VALUE
    VALUES (:id, 'certificate.void', 'certificate:' || CAST(:certificate_id AS text),
        'certificate.void:' || CAST(:certificate_id AS text), CAST(:payload AS jsonb),
        :payload_sha256, CAST(:seen AS jsonb), :seen_sha256, :reason, :proposed_by, :proposed_at,
        greatest(:proposed_at, coalesce(:decided_at, now())) + interval '7 days',
        :state, :decided_by, :decided_at)
""")


def _give_voids_back() -> None:
    for statement in (_CERTIFICATE_VOIDS, *_OF_CERTIFICATE_VOIDS, _GIVE_BACK):
        op.execute(statement)
    op.execute(
        "SELECT setval(pg_get_serial_sequence('certificate_voids', 'id'), max(id))"
        " FROM certificate_voids HAVING max(id) IS NOT NULL"
    )


_CERTIFICATE_VOIDS = """
    CREATE TABLE certificate_voids (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_certificate_voids PRIMARY KEY,
        certificate_id bigint NOT NULL
            CONSTRAINT fk_certificate_voids_certificate_id_certificates REFERENCES certificates,
        reason text NOT NULL,
        state text NOT NULL CONSTRAINT ck_certificate_voids_state
            CHECK (state IN ('approved', 'proposed', 'rejected')),
        proposed_by text NOT NULL,
        proposed_at timestamptz NOT NULL DEFAULT now(),
        decided_by text,
        decided_at timestamptz,
        CONSTRAINT ck_certificate_voids_two_people CHECK (decided_by <> proposed_by)
    )
"""

_OF_CERTIFICATE_VOIDS = (
    "CREATE INDEX ix_certificate_voids_certificate_id ON certificate_voids (certificate_id)",
    "CREATE UNIQUE INDEX uq_certificate_voids_open ON certificate_voids (certificate_id)"
    " WHERE state = 'proposed'",
    "GRANT SELECT, INSERT, UPDATE (state, decided_by, decided_at)"
    " ON certificate_voids TO tracker_app",
)

# What was withdrawn, or never done, was in other words rejected.
_GIVE_BACK = """
    INSERT INTO certificate_voids (id, certificate_id, reason, state, proposed_by, proposed_at,
        decided_by, decided_at)
    OVERRIDING SYSTEM VALUE
    SELECT id, CAST(payload ->> 'certificate_id' AS bigint), reason,
           CASE WHEN state IN ('approved', 'proposed') THEN state ELSE 'rejected' END,
           proposed_by, proposed_at, CASE WHEN decided_by <> proposed_by THEN decided_by END,
           decided_at
    FROM proposals WHERE action = 'certificate.void'
"""


def _tell_of(kinds: set[str]) -> None:
    op.execute(
        "ALTER TABLE notifications DROP CONSTRAINT ck_notifications_kind,"
        f" ADD CONSTRAINT ck_notifications_kind CHECK (kind IN ({_listed(kinds)}))"
    )


def _listed(words: set[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))


_NOTICES = """
    already_member cashback_confirmed cashback_rejected cashback_taken_back cashback_tracked
    certificate_issued claim_answered email_changed email_code erasure_code goal_reached
    joining_code new_number_code number_changed number_code password_changed payout_failed
    payout_paid relative_added relative_code reward_confirmed reward_tracked sign_in_code
    signed_in welcome
"""
_TOLD_BEFORE = set(_NOTICES.split())

_TOLD_SINCE = {"certificate_voided", "debt_forgiven", "money_added", "money_taken"}

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
    """
    CREATE TRIGGER adjustments_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON adjustments FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()
    """,
)

_GRANTS = (
    "GRANT SELECT, INSERT (action, subject, slot, payload, payload_sha256, seen, seen_sha256,"
    " reason, request_key, proposed_by, expires_at),"
    " UPDATE (state, decided_by, decision_reason) ON proposals TO tracker_app",
    "GRANT SELECT, INSERT ON adjustments TO tracker_app",
    "REVOKE ALL ON FUNCTION proposals_decided_once() FROM PUBLIC",
)
