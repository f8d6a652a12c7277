"""Two people are two: logins differ by more than capitals, and who let somebody in is remembered."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_RUNS = "ck_settlement_runs_two_people"


def upgrade() -> None:
    op.create_index("uq_staff_lower_login", "staff", [sa.text("lower(login)")], unique=True)
    op.add_column("staff", sa.Column("let_in_by", sa.Text(), nullable=True))
    op.execute("""
        UPDATE staff SET let_in_by = made_by FROM staff_credentials
        WHERE staff_id = staff.id AND ended_at IS NULL AND made_by <> login
    """)
    op.execute("GRANT UPDATE (let_in_by) ON staff TO tracker_app")
    op.add_column("staff_credentials", sa.Column("token_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_staff_credentials_token_id_staff_tokens"),
        "staff_credentials",
        "staff_tokens",
        ["token_id"],
        ["id"],
    )
    _let_runs_be_approved_by_others("lower(approved_by) <> lower(prepared_by)")


def downgrade() -> None:
    _let_runs_be_approved_by_others("approved_by <> prepared_by")
    op.drop_column("staff_credentials", "token_id")
    op.execute("REVOKE UPDATE (let_in_by) ON staff FROM tracker_app")
    op.drop_column("staff", "let_in_by")
    op.drop_index("uq_staff_lower_login", "staff")


def _let_runs_be_approved_by_others(rule: str) -> None:
    op.drop_constraint(_RUNS, "settlement_runs")
    op.create_check_constraint(op.f(_RUNS), "settlement_runs", rule)
