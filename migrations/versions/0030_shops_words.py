"""What is decided of a shop's statement is bound to what was seen; of a refused file nothing stays."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_STATES = "'matched', 'read', 'refused', 'superseded', 'uploading', 'waiting'"
_CANNOT = "'booked', 'cannot_be_taken_back'"
_OUTCOMES = (
    "'looks_like_another', 'no_day', 'not_taken', 'nothing_to_book',"
    " 'terms_stand', 'told_in_pieces'"
)


def upgrade() -> None:
    _check("shop_statements", "state", f"state IN ('dropped', {_STATES})")
    _check("shop_statements", "sha256", "state IN ('dropped', 'uploading') OR sha256 IS NOT NULL")
    op.execute("GRANT UPDATE (uploaded_by) ON shop_statements TO tracker_app")
    op.execute("UPDATE shop_statements SET faults = '{}' WHERE state = 'refused'")
    op.execute("""
        UPDATE shop_statements SET why = 'the workbook cannot be read'
        WHERE state = 'refused' AND why LIKE 'the workbook cannot be read: %'
    """)
    op.add_column(
        "shop_statement_lines",
        sa.Column("faulty", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column(
        "partner_findings", sa.Column("ordered_at", sa.TIMESTAMP(timezone=True), nullable=True)
    )
    op.add_column("partner_findings", sa.Column("click_id", sa.Text(collation="C"), nullable=True))
    op.execute("GRANT UPDATE (ordered_at, click_id) ON partner_findings TO tracker_app")
    op.execute("""
        UPDATE partner_findings AS found
        SET ordered_at = told.ordered_at, click_id = told.click_id
        FROM shop_statement_lines AS told
        WHERE told.statement_id = found.statement_id AND told.line = found.line
    """)
    _check("partner_findings", "outcome", f"outcome IN ({_CANNOT}, 'changed', {_OUTCOMES})")
    _index_accepted("shop_id", "id")


def downgrade() -> None:
    _index_accepted("id")
    op.execute("UPDATE partner_findings SET outcome = NULL WHERE outcome = 'changed'")
    _check("partner_findings", "outcome", f"outcome IN ({_CANNOT}, {_OUTCOMES})")
    op.drop_column("partner_findings", "click_id")
    op.drop_column("partner_findings", "ordered_at")
    op.drop_column("shop_statement_lines", "faulty")
    op.execute("REVOKE UPDATE (uploaded_by) ON shop_statements FROM tracker_app")
    op.execute("UPDATE shop_statements SET state = 'uploading' WHERE state = 'dropped'")
    _check("shop_statements", "sha256", "state = 'uploading' OR sha256 IS NOT NULL")
    _check("shop_statements", "state", f"state IN ({_STATES})")


def _check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _index_accepted(*columns: str) -> None:
    op.drop_index("ix_partner_findings_accepted", "partner_findings")
    op.create_index(
        "ix_partner_findings_accepted",
        "partner_findings",
        list(columns),
        unique=False,
        postgresql_where=sa.text("state = 'accepted'"),
    )
