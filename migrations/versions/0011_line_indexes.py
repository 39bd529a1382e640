"""Indexes of the queues under conditions that no index by state covers.

Revision: 0011
Before it: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATE, PLAIN = "(state || '')", "state"
COLUMNS = {
    "ix_run_line": ["pool_order", "id"],
    "ix_run_held_up": ["pool_order", "id"],
    "ix_run_lock_line": ["deployment_id", "home_order", "id"],
}


def upgrade() -> None:
    _make_anew(STATE)


def downgrade() -> None:
    _make_anew(PLAIN)


def _make_anew(state: str) -> None:
    for name, columns in COLUMNS.items():
        in_line = f"worker_id IS NULL AND {state} IN ('ready','confirmed')"
        condition = sa.text(in_line if name == "ix_run_line" else f"{state} = 'queued'")
        op.drop_index(name, table_name="run")
        op.create_index(name, "run", columns, sqlite_where=condition, postgresql_where=condition)
