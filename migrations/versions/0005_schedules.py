"""Schedules, and the ledger of their planned times.

Revision: 0005
Before it: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "schedule",
        sa.Column("deployment_id", sa.String(length=24), nullable=False),
        sa.Column("project_id", sa.String(length=24), nullable=False),
        sa.Column("stack_id", sa.String(length=24), nullable=False),
        sa.Column("workspace_id", sa.String(length=24), nullable=False),
        sa.Column("project_name", sa.String(length=63), nullable=False),
        sa.Column("stack_name", sa.String(length=63), nullable=False),
        sa.Column("workspace_name", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("inputs", JSON, nullable=False),
        sa.Column("reconcile", sa.Boolean(), nullable=False),
        sa.Column("aftermath", sa.String(length=32), nullable=False),
        sa.Column("cron", sa.String(length=255), nullable=True),
        sa.Column("every", sa.String(length=32), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_after", sa.Integer(), nullable=True),
        sa.Column("active", JSON, nullable=True),
        sa.Column("overlap", sa.String(length=32), nullable=False),
        sa.Column("missed", sa.String(length=32), nullable=False),
        sa.Column("max_delay_s", sa.Integer(), nullable=True),
        sa.Column("next_fire_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_by_name", sa.String(length=120), nullable=False),
        sa.Column("fired_count", sa.Integer(), nullable=False),
        sa.Column("warned_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner_id", sa.String(length=24), nullable=True),
        sa.Column("owner_name", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_name", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
            name=op.f("fk_schedule_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_schedule_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["stack_id"], ["stack.id"], name=op.f("fk_schedule_stack_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_schedule_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("deployment_id", "name", name=op.f("uq_schedule_deployment_id_name")),
    )
    with op.batch_alter_table("schedule", schema=None) as batch_op:
        batch_op.create_index(
            "ix_schedule_due",
            ["next_fire_at", "id"],
            unique=False,
            sqlite_where=sa.text("next_fire_at IS NOT NULL AND paused_at IS NULL"),
            postgresql_where=sa.text("next_fire_at IS NOT NULL AND paused_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_schedule_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_schedule_project_id_id"), ["project_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_schedule_stack_id_id"), ["stack_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_schedule_workspace_id_id"), ["workspace_id", "id"], unique=False
        )
        batch_op.create_index(
            "uq_schedule_of_one",
            ["deployment_id", "purpose"],
            unique=True,
            sqlite_where=sa.text("purpose <> 'run'"),
            postgresql_where=sa.text("purpose <> 'run'"),
        )

    op.create_table(
        "schedule_time",
        sa.Column("schedule_id", sa.String(length=24), nullable=False),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=24), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("actor_name", sa.String(length=160), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["schedule.id"],
            name=op.f("fk_schedule_time_schedule_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_time")),
        sa.UniqueConstraint(
            "schedule_id", "scheduled_for", name=op.f("uq_schedule_time_schedule_id_scheduled_for")
        ),
    )
    with op.batch_alter_table("schedule_time", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_schedule_time_decided_at"), ["decided_at"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("schedule_time", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_schedule_time_decided_at"))

    op.drop_table("schedule_time")
    with op.batch_alter_table("schedule", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_schedule_of_one",
            sqlite_where=sa.text("purpose <> 'run'"),
            postgresql_where=sa.text("purpose <> 'run'"),
        )
        batch_op.drop_index(batch_op.f("ix_schedule_workspace_id_id"))
        batch_op.drop_index(batch_op.f("ix_schedule_stack_id_id"))
        batch_op.drop_index(batch_op.f("ix_schedule_project_id_id"))
        batch_op.drop_index(batch_op.f("ix_schedule_owner_id"))
        batch_op.drop_index(
            "ix_schedule_due",
            sqlite_where=sa.text("next_fire_at IS NOT NULL AND paused_at IS NULL"),
            postgresql_where=sa.text("next_fire_at IS NOT NULL AND paused_at IS NULL"),
        )

    op.drop_table("schedule")
