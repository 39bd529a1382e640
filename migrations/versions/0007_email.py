"""E-mail triggers, the mail they receive, files of runs, and what people are told by mail.

Revision: 0007
Before it: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "email_delivery",
        sa.Column("service", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("service", "token_hash", name=op.f("pk_email_delivery")),
    )
    with op.batch_alter_table("email_delivery", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_email_delivery_expires_at"), ["expires_at"], unique=False
        )

    op.create_table(
        "notice_choice",
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.Column("fails", sa.Boolean(), nullable=False),
        sa.Column("ends", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_notice_choice_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notice_choice")),
    )
    op.create_table(
        "email_trigger",
        sa.Column("project_id", sa.String(length=24), nullable=False),
        sa.Column("stack_id", sa.String(length=24), nullable=False),
        sa.Column("workspace_id", sa.String(length=24), nullable=False),
        sa.Column("deployment_id", sa.String(length=24), nullable=False),
        sa.Column("project_name", sa.String(length=63), nullable=False),
        sa.Column("stack_name", sa.String(length=63), nullable=False),
        sa.Column("workspace_name", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("auto_apply", sa.Boolean(), nullable=False),
        sa.Column("senders", JSON, nullable=False),
        sa.Column("mapping", JSON, nullable=False),
        sa.Column("attachments", sa.String(length=16), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.String(length=24), nullable=True),
        sa.Column("owner_name", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
            name=op.f("fk_email_trigger_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name=op.f("fk_email_trigger_owner_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_email_trigger_project_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["stack_id"], ["stack.id"], name=op.f("fk_email_trigger_stack_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_email_trigger_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_trigger")),
        sa.UniqueConstraint("token", name=op.f("uq_email_trigger_token")),
    )
    with op.batch_alter_table("email_trigger", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_email_trigger_deployment_id"), ["deployment_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_email_trigger_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_email_trigger_project_id"), ["project_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_email_trigger_stack_id"), ["stack_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_email_trigger_workspace_id"), ["workspace_id"], unique=False
        )

    op.create_table(
        "email",
        sa.Column("trigger_id", sa.String(length=24), nullable=True),
        sa.Column("project_id", sa.String(length=24), nullable=True),
        sa.Column("stack_id", sa.String(length=24), nullable=True),
        sa.Column("workspace_id", sa.String(length=24), nullable=True),
        sa.Column("service", sa.String(length=16), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sender", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.String(length=998), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("envelope_from", sa.String(length=320), nullable=True),
        sa.Column("message_id", sa.String(length=998), nullable=False),
        sa.Column("message_key", sa.String(length=64), nullable=False),
        sa.Column("authentication", JSON, nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("blob_id", sa.String(length=24), nullable=True),
        sa.Column("run_id", sa.String(length=24), nullable=True),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_email_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_email_run_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["stack_id"], ["stack.id"], name=op.f("fk_email_stack_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["trigger_id"],
            ["email_trigger.id"],
            name=op.f("fk_email_trigger_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_email_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email")),
        sa.UniqueConstraint(
            "trigger_id", "message_key", name=op.f("uq_email_trigger_id_message_key")
        ),
    )
    with op.batch_alter_table("email", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_email_blob_id"), ["blob_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_email_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_email_received_at"), ["received_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_email_run_id"), ["run_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_email_sender_received_at"), ["sender", "received_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_email_stack_id"), ["stack_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_email_trigger_id_received_at"),
            ["trigger_id", "received_at"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_email_workspace_id"), ["workspace_id"], unique=False)

    op.create_table(
        "run_file",
        sa.Column("run_id", sa.String(length=24), nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("blob_id", sa.String(length=24), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blob.id"], name=op.f("fk_run_file_blob_id")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_run_file_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "path", name=op.f("pk_run_file")),
    )
    with op.batch_alter_table("run_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_file_blob_id"), ["blob_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("run_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_file_blob_id"))

    op.drop_table("run_file")
    with op.batch_alter_table("email", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_email_workspace_id"))
        batch_op.drop_index(batch_op.f("ix_email_trigger_id_received_at"))
        batch_op.drop_index(batch_op.f("ix_email_stack_id"))
        batch_op.drop_index(batch_op.f("ix_email_sender_received_at"))
        batch_op.drop_index(batch_op.f("ix_email_run_id"))
        batch_op.drop_index(batch_op.f("ix_email_received_at"))
        batch_op.drop_index(batch_op.f("ix_email_project_id"))
        batch_op.drop_index(batch_op.f("ix_email_blob_id"))

    op.drop_table("email")
    with op.batch_alter_table("email_trigger", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_email_trigger_workspace_id"))
        batch_op.drop_index(batch_op.f("ix_email_trigger_stack_id"))
        batch_op.drop_index(batch_op.f("ix_email_trigger_project_id"))
        batch_op.drop_index(batch_op.f("ix_email_trigger_owner_id"))
        batch_op.drop_index(batch_op.f("ix_email_trigger_deployment_id"))

    op.drop_table("email_trigger")
    op.drop_table("notice_choice")
    with op.batch_alter_table("email_delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_email_delivery_expires_at"))

    op.drop_table("email_delivery")
