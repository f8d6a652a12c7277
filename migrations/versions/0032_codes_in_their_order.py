"""A code that another has replaced stays dead, whoever writes to the table; a goal knows how often it paid.

Codes that were told before are dead by this, and are to be asked for again: no release had them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(_KEEP)
    op.execute(
        "UPDATE certificates SET code_hash = NULL, code_mark = NULL, code_proof = NULL"
        " WHERE state NOT IN ('redeemed', 'voided')"
    )
    op.add_column("goals", sa.Column("spendings", sa.Integer(), server_default="0", nullable=False))
    op.execute("GRANT UPDATE (spendings) ON goals TO tracker_app")


def downgrade() -> None:
    op.drop_column("goals", "spendings")
    op.execute(_KEPT)


_KEEP = """
    CREATE OR REPLACE FUNCTION certificates_keep() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF (NEW.id, NEW.member_id, NEW.goal_id, NEW.part, NEW.amount, NEW.from_goal, NEW.ordered_at, NEW.recorded_at)
           IS DISTINCT FROM
           (OLD.id, OLD.member_id, OLD.goal_id, OLD.part, OLD.amount, OLD.from_goal, OLD.ordered_at, OLD.recorded_at)
        THEN
            RAISE EXCEPTION 'certificate % stays what was ordered', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF OLD.state IN ('redeemed', 'voided')
           AND (NEW.state, NEW.codes, NEW.issued_at, NEW.expires_at, NEW.redeemed_at, NEW.salon_id, NEW.receipt_id,
                NEW.voided_at, NEW.void_reason, NEW.decided_by)
               IS DISTINCT FROM
               (OLD.state, OLD.codes, OLD.issued_at, OLD.expires_at, OLD.redeemed_at, OLD.salon_id, OLD.receipt_id,
                OLD.voided_at, OLD.void_reason, OLD.decided_by)
        THEN
            RAISE EXCEPTION 'certificate % is % for good', OLD.id, OLD.state
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.codes < OLD.codes THEN
            RAISE EXCEPTION 'certificate % has had % codes', OLD.id, OLD.codes
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.state <> OLD.state AND NEW.state <> 'voided'
           AND (OLD.state, NEW.state) NOT IN (('review', 'ordered'), ('ordered', 'issued'), ('issued', 'redeemed'))
        THEN
            RAISE EXCEPTION 'certificate % is %, and not to be %', OLD.id, OLD.state, NEW.state
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF (OLD.state = 'review' AND NEW.state = 'ordered') <> (NEW.decided_by IS DISTINCT FROM OLD.decided_by) THEN
            RAISE EXCEPTION 'certificate % is let pass by somebody, once', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
"""

# As 0028 made it.
_KEPT = """
    CREATE OR REPLACE FUNCTION certificates_keep() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF (NEW.id, NEW.member_id, NEW.goal_id, NEW.part, NEW.amount, NEW.from_goal, NEW.ordered_at, NEW.recorded_at)
           IS DISTINCT FROM
           (OLD.id, OLD.member_id, OLD.goal_id, OLD.part, OLD.amount, OLD.from_goal, OLD.ordered_at, OLD.recorded_at)
        THEN
            RAISE EXCEPTION 'certificate % stays what was ordered', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF OLD.state IN ('redeemed', 'voided')
           AND (NEW.state, NEW.codes, NEW.issued_at, NEW.expires_at, NEW.redeemed_at, NEW.salon_id, NEW.receipt_id,
                NEW.voided_at, NEW.void_reason, NEW.decided_by)
               IS DISTINCT FROM
               (OLD.state, OLD.codes, OLD.issued_at, OLD.expires_at, OLD.redeemed_at, OLD.salon_id, OLD.receipt_id,
                OLD.voided_at, OLD.void_reason, OLD.decided_by)
        THEN
            RAISE EXCEPTION 'certificate % is % for good', OLD.id, OLD.state
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.state <> OLD.state AND NEW.state <> 'voided'
           AND (OLD.state, NEW.state) NOT IN (('review', 'ordered'), ('ordered', 'issued'), ('issued', 'redeemed'))
        THEN
            RAISE EXCEPTION 'certificate % is %, and not to be %', OLD.id, OLD.state, NEW.state
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF (OLD.state = 'review' AND NEW.state = 'ordered') <> (NEW.decided_by IS DISTINCT FROM OLD.decided_by) THEN
            RAISE EXCEPTION 'certificate % is let pass by somebody, once', OLD.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
"""
