"""Lists of runs by when they ended, of a project, a stack or a workspace.

Revision: 0008
Before it: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ENDED = sa.text("finished_at IS NOT NULL")
PLACES = ("project", "stack", "workspace")


def upgrade() -> None:
    for place in PLACES:
        op.create_index(
            f"ix_run_{place}_end",
            "run",
            [f"{place}_id", "finished_at", "id"],
            sqlite_where=ENDED,
            postgresql_where=ENDED,
        )


def downgrade() -> None:
    for place in PLACES:
        op.drop_index(f"ix_run_{place}_end", table_name="run")
