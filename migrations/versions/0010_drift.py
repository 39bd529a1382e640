"""What drift checks found, and what is not to be minded.

Revision: 0010
Before it: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "drift_verdict",
        sa.Column("deployment_id", sa.String(length=24), nullable=False),
        sa.Column("project_id", sa.String(length=24), nullable=False),
        sa.Column("stack_id", sa.String(length=24), nullable=False),
        sa.Column("workspace_id", sa.String(length=24), nullable=False),
        sa.Column("project_name", sa.String(length=63), nullable=False),
        sa.Column("stack_name", sa.String(length=63), nullable=False),
        sa.Column("workspace_name", sa.String(length=63), nullable=False),
        sa.Column("drifted", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.String(length=24), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("ignored_count", sa.Integer(), nullable=False),
        sa.Column("items", JSON, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("ignore", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
            name=op.f("fk_drift_verdict_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_drift_verdict_project_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["stack_id"], ["stack.id"], name=op.f("fk_drift_verdict_stack_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_drift_verdict_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("deployment_id", name=op.f("pk_drift_verdict")),
    )
    with op.batch_alter_table("drift_verdict", schema=None) as batch_op:
        batch_op.create_index(
            "ix_drift_verdict_drifted",
            ["since"],
            unique=False,
            sqlite_where=sa.text("drifted IS 1"),
            postgresql_where=sa.text("drifted IS true"),
        )
        batch_op.create_index(
            batch_op.f("ix_drift_verdict_project_id_deployment_id"),
            ["project_id", "deployment_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_drift_verdict_workspace_id_deployment_id"),
            ["workspace_id", "deployment_id"],
            unique=False,
        )


def downgrade() -> None:
    with op.batch_alter_table("drift_verdict", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_drift_verdict_workspace_id_deployment_id"))
        batch_op.drop_index(batch_op.f("ix_drift_verdict_project_id_deployment_id"))
        batch_op.drop_index(
            "ix_drift_verdict_drifted",
            sqlite_where=sa.text("drifted IS 1"),
            postgresql_where=sa.text("drifted IS true"),
        )

    op.drop_table("drift_verdict")
