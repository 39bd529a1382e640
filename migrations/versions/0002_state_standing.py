"""What is said of a state version, what it was made of, and those whose standing is open.

Revision: 0002
Before it: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OPEN = sa.text("kind IN ('progress', 'candidate')")


def upgrade() -> None:
    with op.batch_alter_table("state_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("note", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("from_id", sa.String(length=24), nullable=True))
        batch_op.create_index(
            "ix_state_version_open", ["deployment_id"], sqlite_where=OPEN, postgresql_where=OPEN
        )


def downgrade() -> None:
    with op.batch_alter_table("state_version", schema=None) as batch_op:
        batch_op.drop_index("ix_state_version_open")
        batch_op.drop_column("from_id")
        batch_op.drop_column("note")
