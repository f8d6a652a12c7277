"""A certificate stays what it is: its code is good for it alone, and once it is over nothing of it changes.

Codes that were told before are dead by this, and are to be asked for again: no release had them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_OF_GOAL = "fk_certificates_goal_id_goals"


def upgrade() -> None:
    op.add_column("certificates", sa.Column("code_proof", sa.LargeBinary(), nullable=True))
    op.execute("UPDATE certificates SET code_hash = NULL, code_mark = NULL")
    op.create_check_constraint(
        op.f("ck_certificates_code"),
        "certificates",
        "(code_hash IS NULL) = (code_proof IS NULL)",
    )
    op.execute("GRANT UPDATE (code_proof, order_key) ON certificates TO tracker_app")
    op.create_unique_constraint(op.f("uq_goals_id_member_id"), "goals", ["id", "member_id"])
    op.drop_constraint(_OF_GOAL, "certificates")
    op.create_foreign_key(
        op.f("fk_certificates_goal_id_member_id_goals"),
        "certificates",
        "goals",
        ["goal_id", "member_id"],
        ["id", "member_id"],
    )
    op.execute(_KEEP)
    op.execute("REVOKE ALL ON FUNCTION certificates_keep() FROM PUBLIC")
    op.execute("""
        CREATE TRIGGER certificates_keep BEFORE UPDATE ON certificates
        FOR EACH ROW EXECUTE FUNCTION certificates_keep()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER certificates_keep ON certificates")
    op.execute("DROP FUNCTION certificates_keep()")
    op.drop_constraint(op.f("fk_certificates_goal_id_member_id_goals"), "certificates")
    op.create_foreign_key(op.f(_OF_GOAL), "certificates", "goals", ["goal_id"], ["id"])
    op.drop_constraint(op.f("uq_goals_id_member_id"), "goals")
    op.execute("REVOKE UPDATE (order_key) ON certificates FROM tracker_app")
    op.drop_constraint(op.f("ck_certificates_code"), "certificates")
    op.drop_column("certificates", "code_proof")


_KEEP = """
    CREATE FUNCTION certificates_keep() RETURNS trigger LANGUAGE plpgsql
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
