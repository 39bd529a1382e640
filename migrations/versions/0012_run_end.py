"""All runs by when they ended: those that ended at one instant come in their order, too.

Revision: 0012
Before it: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ENDED = sa.text("finished_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_run_end", "run", ["finished_at", "id"], sqlite_where=ENDED, postgresql_where=ENDED
    )
    op.drop_index("ix_run_finished_at", table_name="run")


def downgrade() -> None:
    op.create_index("ix_run_finished_at", "run", ["finished_at"])
    op.drop_index("ix_run_end", table_name="run")
