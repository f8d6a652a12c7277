"""Under which of our keys it was hashed what can never be hashed anew."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_COLUMNS = (("certificates", "code_mark"), ("salons", "key_mark"), ("numbers", "hash_mark"))


def upgrade() -> None:
    for table, column in _COLUMNS:
        op.add_column(table, sa.Column(column, sa.LargeBinary(), nullable=True))
        op.execute(f"GRANT UPDATE ({column}) ON {table} TO tracker_app")


def downgrade() -> None:
    for table, column in _COLUMNS:
        op.drop_column(table, column)
