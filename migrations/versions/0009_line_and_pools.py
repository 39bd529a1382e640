"""The order of the queue as numbers of each run, who confirmed it, and what is set about a pool.

Revision: 0009
Before it: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

IN_LINE = sa.text("worker_id IS NULL AND state IN ('ready','confirmed')")
QUEUED = sa.text("state = 'queued'")
# Ended runs stand in no queue; their numbers are never read.
NUMBER_THOSE_THAT_WAIT = """
    UPDATE run SET
        home_order = (100 - priority) + 101 * (CASE
            WHEN type = 'task' THEN 0
            WHEN type IN ('apply','destroy','test') THEN 1
            WHEN drift = {true} THEN 3
            ELSE 2 END),
        pool_order = (100 - priority) * 4 + (CASE
            WHEN type IN ('task','apply','destroy','test') THEN 1
            WHEN drift = {true} THEN 3
            ELSE 2 END)
    WHERE state NOT IN
        ('finished','failed','discarded','stopped','canceled','timed_out','skipped')
"""


def upgrade() -> None:
    op.create_table(
        "worker_pool",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_pool")),
        sa.UniqueConstraint("name", name=op.f("uq_worker_pool_name")),
    )
    op.add_column(
        "worker", sa.Column("pool", sa.String(length=63), server_default="embedded", nullable=False)
    )
    for name in ("home_order", "pool_order"):
        op.add_column("run", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.add_column("run", sa.Column("confirmed_by_id", sa.String(length=24), nullable=True))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(NUMBER_THOSE_THAT_WAIT.format(true="1" if is_sqlite else "true"))
    _create_index("ix_run_line", ["pool_order", "id"], IN_LINE)
    _create_index("ix_run_held_up", ["pool_order", "id"], QUEUED)
    _create_index("ix_run_lock_line", ["deployment_id", "home_order", "id"], QUEUED)


def downgrade() -> None:
    for name in ("ix_run_lock_line", "ix_run_held_up", "ix_run_line"):
        op.drop_index(name, table_name="run")
    for name in ("confirmed_by_id", "pool_order", "home_order"):
        op.drop_column("run", name)
    op.drop_column("worker", "pool")
    op.drop_table("worker_pool")


def _create_index(name: str, columns: list[str], condition: sa.TextClause) -> None:
    op.create_index(name, "run", columns, sqlite_where=condition, postgresql_where=condition)
