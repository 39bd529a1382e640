"""foundation.

Revision: 0001
Before it:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=24), nullable=True),
        sa.Column("actor_name", sa.String(length=160), nullable=False),
        sa.Column("action", sa.String(length=48), nullable=False),
        sa.Column("target_kind", sa.String(length=32), nullable=False),
        sa.Column("target_id", sa.String(length=255), nullable=False),
        sa.Column("target_name", sa.Text(), nullable=False),
        sa.Column("project_id", sa.String(length=24), nullable=True),
        sa.Column("workspace_id", sa.String(length=24), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("before", JSON, nullable=True),
        sa.Column("after", JSON, nullable=True),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_audit_event_action_id"), ["action", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_audit_event_actor_id_id"), ["actor_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_audit_event_project_id_id"), ["project_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_audit_event_target_id_id"), ["target_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_audit_event_workspace_id_id"), ["workspace_id", "id"], unique=False
        )

    op.create_table(
        "blob",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blob")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("actor_id", sa.String(length=48), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("made_id", sa.String(length=48), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("actor_id", "key", name=op.f("pk_idempotency_key")),
    )
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_key_at"), ["at"], unique=False)

    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "outbox",
        sa.Column("topic", sa.String(length=48), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_delivered_at"), ["delivered_at"], unique=False)

    op.create_table(
        "project",
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("last_run_number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_name", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("name", name=op.f("uq_project_name")),
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sign_in_attempt_address_at"), ["address", "at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_sign_in_attempt_email_at"), ["email", "at"], unique=False
        )

    op.create_table(
        "user",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("theme", sa.String(length=8), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email", name=op.f("uq_user_email")),
    )
    op.create_table(
        "worker",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("host", sa.String(length=120), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
    )
    op.create_table(
        "workspace",
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_name", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
        sa.UniqueConstraint("name", name=op.f("uq_workspace_name")),
    )
    op.create_table(
        "api_token",
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.String(length=24), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_api_token_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_token_user_id"), ["user_id"], unique=False)

    op.create_table(
        "configuration_version",
        sa.Column("project_id", sa.String(length=24), nullable=False),
        sa.Column("blob_id", sa.String(length=24), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("file_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_name", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["blob_id"], ["blob.id"], name=op.f("fk_configuration_version_blob_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_configuration_version_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configuration_version")),
    )
    with op.batch_alter_table("configuration_version", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_configuration_version_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "draft",
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_draft_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
    )
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draft_user_id"), ["user_id"], unique=False)

    op.create_table(
        "member",
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("project_id", sa.String(length=24), nullable=True),
        sa.Column("workspace_id", sa.String(length=24), nullable=True),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.CheckConstraint(
            "(project_id IS NULL) <> (workspace_id IS NULL)", name=op.f("ck_member_one_place")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_member_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_member_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_member_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("user_id", "project_id", name=op.f("uq_member_user_id_project_id")),
        sa.UniqueConstraint("user_id", "workspace_id", name=op.f("uq_member_user_id_workspace_id")),
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_member_workspace_id"), ["workspace_id"], unique=False)

    op.create_table(
        "stack",
        sa.Column("project_id", sa.String(length=24), nullable=False),
        sa.Column("project_name", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("engine", sa.String(length=32), nullable=False),
        sa.Column("source", JSON, nullable=True),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("auto_apply", sa.Boolean(), nullable=False),
        sa.Column("cancel_grace_s", sa.Integer(), nullable=False),
        sa.Column("max_duration_s", sa.Integer(), nullable=False),
        sa.Column("silence_notice_s", sa.Integer(), nullable=False),
        sa.Column("plan_expires_s", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_name", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_stack_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stack")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_stack_project_id_name")),
    )
    op.create_table(
        "user_session",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_user_session_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
    )
    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "deployment",
        sa.Column("project_id", sa.String(length=24), nullable=False),
        sa.Column("stack_id", sa.String(length=24), nullable=False),
        sa.Column("workspace_id", sa.String(length=24), nullable=False),
        sa.Column("project_name", sa.String(length=63), nullable=False),
        sa.Column("stack_name", sa.String(length=63), nullable=False),
        sa.Column("workspace_name", sa.String(length=63), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current_state_id", sa.String(length=24), nullable=True),
        sa.Column("outputs_run_id", sa.String(length=24), nullable=True),
        sa.Column("applied_run_id", sa.String(length=24), nullable=True),
        sa.Column("resource_count", sa.Integer(), nullable=False),
        sa.Column("blocked_reason", sa.String(length=255), nullable=True),
        sa.Column("blocked_run_id", sa.String(length=24), nullable=True),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("backend", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_deployment_project_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["stack_id"], ["stack.id"], name=op.f("fk_deployment_stack_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_deployment_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment")),
        sa.UniqueConstraint(
            "stack_id", "workspace_id", name=op.f("uq_deployment_stack_id_workspace_id")
        ),
    )
    with op.batch_alter_table("deployment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deployment_project_id"), ["project_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_deployment_workspace_id"), ["workspace_id"], unique=False
        )

    op.create_table(
        "manual_lock",
        sa.Column("deployment_id", sa.String(length=24), nullable=False),
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("user_name", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
            name=op.f("fk_manual_lock_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("deployment_id", name=op.f("pk_manual_lock")),
    )
    op.create_table(
        "resource",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("deployment_id", sa.String(length=24), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("type", sa.String(length=128), nullable=False),
        sa.Column("provider", sa.String(length=255), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("made_run_id", sa.String(length=24), nullable=True),
        sa.Column("changed_run_id", sa.String(length=24), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
            name=op.f("fk_resource_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource")),
        sa.UniqueConstraint(
            "deployment_id", "address", name=op.f("uq_resource_deployment_id_address")
        ),
    )
    op.create_table(
        "run",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=24), nullable=False),
        sa.Column("stack_id", sa.String(length=24), nullable=False),
        sa.Column("workspace_id", sa.String(length=24), nullable=False),
        sa.Column("deployment_id", sa.String(length=24), nullable=False),
        sa.Column("project_name", sa.String(length=63), nullable=False),
        sa.Column("stack_name", sa.String(length=63), nullable=False),
        sa.Column("workspace_name", sa.String(length=63), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("source", JSON, nullable=False),
        sa.Column("destroy", sa.Boolean(), nullable=False),
        sa.Column("refresh_only", sa.Boolean(), nullable=False),
        sa.Column("auto_apply", sa.Boolean(), nullable=False),
        sa.Column("drift", sa.Boolean(), nullable=False),
        sa.Column("targets", JSON, nullable=False),
        sa.Column("replace", JSON, nullable=False),
        sa.Column("command", sa.Text(), nullable=True),
        sa.Column("with_init", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("rerun_of_id", sa.String(length=24), nullable=True),
        sa.Column("promoted_from_id", sa.String(length=24), nullable=True),
        sa.Column("draft_id", sa.String(length=24), nullable=True),
        sa.Column("trigger_kind", sa.String(length=16), nullable=False),
        sa.Column("trigger_id", sa.String(length=24), nullable=True),
        sa.Column("trigger_name", sa.String(length=160), nullable=False),
        sa.Column("created_by_id", sa.String(length=24), nullable=True),
        sa.Column("created_by_name", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pin", JSON, nullable=True),
        sa.Column("branch", sa.String(length=255), nullable=True),
        sa.Column("engine", sa.String(length=32), nullable=False),
        sa.Column("engine_version", sa.String(length=64), nullable=True),
        sa.Column("engine_path", sa.String(length=255), nullable=True),
        sa.Column("isolation", sa.String(length=32), nullable=False),
        sa.Column("changes", JSON, nullable=True),
        sa.Column("base_state_id", sa.String(length=24), nullable=True),
        sa.Column("plan_sha256", sa.String(length=64), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("error_kind", sa.String(length=16), nullable=True),
        sa.Column("error_text", sa.Text(), nullable=True),
        sa.Column("log_bytes", sa.Integer(), nullable=False),
        sa.Column("log_expired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_grace_s", sa.Integer(), nullable=False),
        sa.Column("max_duration_s", sa.Integer(), nullable=False),
        sa.Column("worked_s", sa.Double(), nullable=False),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_by", sa.String(length=120), nullable=True),
        sa.Column("force_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_epoch", sa.Integer(), nullable=False),
        sa.Column("worker_id", sa.String(length=24), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_count", sa.Integer(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
            name=op.f("fk_run_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_run_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["stack_id"], ["stack.id"], name=op.f("fk_run_stack_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_run_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("draft_id", name=op.f("uq_run_draft_id")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_run_project_id_number")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(
            "ix_run_active",
            ["deployment_id", "state"],
            unique=False,
            sqlite_where=sa.text(
                "state NOT IN ('finished','failed','discarded','stopped','canceled','timed_out','skipped')"
            ),
            postgresql_where=sa.text(
                "state NOT IN ('finished','failed','discarded','stopped','canceled','timed_out','skipped')"
            ),
        )
        batch_op.create_index(
            "ix_run_archived",
            ["id"],
            unique=False,
            sqlite_where=sa.text("archived_at IS NOT NULL"),
            postgresql_where=sa.text("archived_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_run_branch",
            ["branch", "id"],
            unique=False,
            sqlite_where=sa.text("branch IS NOT NULL"),
            postgresql_where=sa.text("branch IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_run_created_by_id_id"), ["created_by_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_run_deployment_id_id"), ["deployment_id", "id"], unique=False
        )
        batch_op.create_index(
            "ix_run_drift",
            ["id"],
            unique=False,
            sqlite_where=sa.text("drift IS 1"),
            postgresql_where=sa.text("drift IS true"),
        )
        batch_op.create_index(batch_op.f("ix_run_finished_at"), ["finished_at"], unique=False)
        batch_op.create_index(
            "ix_run_held",
            ["worker_id"],
            unique=False,
            sqlite_where=sa.text("worker_id IS NOT NULL"),
            postgresql_where=sa.text("worker_id IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_run_project_id_id"), ["project_id", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_run_stack_id_id"), ["stack_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_run_state_id"), ["state", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_run_trigger_kind_id"), ["trigger_kind", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_run_type_id"), ["type", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_run_workspace_id_id"), ["workspace_id", "id"], unique=False
        )

    op.create_table(
        "state_version",
        sa.Column("deployment_id", sa.String(length=24), nullable=False),
        sa.Column("run_id", sa.String(length=24), nullable=True),
        sa.Column("blob_id", sa.String(length=24), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("lineage", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("resource_count", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_name", sa.String(length=160), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blob.id"], name=op.f("fk_state_version_blob_id")),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
            name=op.f("fk_state_version_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_state_version")),
    )
    with op.batch_alter_table("state_version", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_state_version_deployment_id_id"), ["deployment_id", "id"], unique=False
        )

    op.create_table(
        "variable",
        sa.Column("project_id", sa.String(length=24), nullable=True),
        sa.Column("workspace_id", sa.String(length=24), nullable=True),
        sa.Column("stack_id", sa.String(length=24), nullable=True),
        sa.Column("deployment_id", sa.String(length=24), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("value", JSON, nullable=True),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=True),
        sa.Column("fingerprint", sa.String(length=32), nullable=True),
        sa.Column("value_id", sa.String(length=24), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by_name", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.CheckConstraint(
            "(CASE WHEN project_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN workspace_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN stack_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN deployment_id IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_variable_one_place"),
        ),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
            name=op.f("fk_variable_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_variable_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["stack_id"], ["stack.id"], name=op.f("fk_variable_stack_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_variable_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variable")),
        sa.UniqueConstraint("deployment_id", "name", name=op.f("uq_variable_deployment_id_name")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_variable_project_id_name")),
        sa.UniqueConstraint("stack_id", "name", name=op.f("uq_variable_stack_id_name")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_variable_workspace_id_name")),
    )
    op.create_table(
        "deployment_lock",
        sa.Column("deployment_id", sa.String(length=24), nullable=False),
        sa.Column("run_id", sa.String(length=24), nullable=True),
        sa.Column("client", JSON, nullable=True),
        sa.Column("acquired_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
            name=op.f("fk_deployment_lock_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_deployment_lock_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("deployment_id", name=op.f("pk_deployment_lock")),
        sa.UniqueConstraint("run_id", name=op.f("uq_deployment_lock_run_id")),
    )
    op.create_table(
        "plan",
        sa.Column("run_id", sa.String(length=24), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("blob_id", sa.String(length=24), nullable=True),
        sa.Column("engine", sa.String(length=32), nullable=False),
        sa.Column("engine_version", sa.String(length=64), nullable=False),
        sa.Column("engine_path", sa.String(length=255), nullable=False),
        sa.Column("base_state_id", sa.String(length=24), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blob.id"], name=op.f("fk_plan_blob_id")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_plan_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("run_id", name=op.f("uq_plan_run_id")),
    )
    op.create_table(
        "plan_use",
        sa.Column("plan_id", sa.String(length=24), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=24), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_plan_use_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_plan_use")),
    )
    op.create_table(
        "run_change",
        sa.Column("run_id", sa.String(length=24), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("type", sa.String(length=128), nullable=False),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("head", JSON, nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_run_change_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_run_change")),
    )
    op.create_table(
        "run_comment",
        sa.Column("run_id", sa.String(length=24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author_id", sa.String(length=24), nullable=True),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_run_comment_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_comment")),
    )
    with op.batch_alter_table("run_comment", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_run_comment_run_id_id"), ["run_id", "id"], unique=False
        )

    op.create_table(
        "run_diagnostic",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("run_id", sa.String(length=24), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("snippet", JSON, nullable=True),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_run_diagnostic_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_diagnostic")),
    )
    with op.batch_alter_table("run_diagnostic", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_run_diagnostic_run_id_id"), ["run_id", "id"], unique=False
        )

    op.create_table(
        "run_document",
        sa.Column("run_id", sa.String(length=24), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_run_document_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_document")),
    )
    op.create_table(
        "run_history",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("run_id", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=24), nullable=True),
        sa.Column("actor_name", sa.String(length=160), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("log_offset", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_run_history_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_history")),
    )
    with op.batch_alter_table("run_history", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_run_history_run_id_id"), ["run_id", "id"], unique=False
        )

    op.create_table(
        "run_metadata",
        sa.Column("run_id", sa.String(length=24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("verb", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_run_metadata_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_metadata")),
    )
    with op.batch_alter_table("run_metadata", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_run_metadata_run_id_id"), ["run_id", "id"], unique=False
        )

    op.create_table(
        "run_output",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("run_id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("type", JSON, nullable=True),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("value", JSON, nullable=True),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_run_output_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_output")),
        sa.UniqueConstraint("run_id", "name", name=op.f("uq_run_output_run_id_name")),
    )
    op.create_table(
        "run_step",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("run_id", sa.String(length=24), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("log_start", sa.BigInteger(), nullable=False),
        sa.Column("log_end", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_run_step_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_step")),
        sa.UniqueConstraint("run_id", "number", name=op.f("uq_run_step_run_id_number")),
    )
    op.create_table(
        "run_variable",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("run_id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("value", JSON, nullable=True),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=True),
        sa.Column("fingerprint", sa.String(length=32), nullable=True),
        sa.Column("value_id", sa.String(length=24), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("shadows", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_run_variable_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_variable")),
        sa.UniqueConstraint("run_id", "name", name=op.f("uq_run_variable_run_id_name")),
    )


def downgrade() -> None:
    op.drop_table("run_variable")
    op.drop_table("run_step")
    op.drop_table("run_output")
    with op.batch_alter_table("run_metadata", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_metadata_run_id_id"))

    op.drop_table("run_metadata")
    with op.batch_alter_table("run_history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_history_run_id_id"))

    op.drop_table("run_history")
    op.drop_table("run_document")
    with op.batch_alter_table("run_diagnostic", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_diagnostic_run_id_id"))

    op.drop_table("run_diagnostic")
    with op.batch_alter_table("run_comment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_comment_run_id_id"))

    op.drop_table("run_comment")
    op.drop_table("run_change")
    op.drop_table("plan_use")
    op.drop_table("plan")
    op.drop_table("deployment_lock")
    op.drop_table("variable")
    with op.batch_alter_table("state_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_state_version_deployment_id_id"))

    op.drop_table("state_version")
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_workspace_id_id"))
        batch_op.drop_index(batch_op.f("ix_run_type_id"))
        batch_op.drop_index(batch_op.f("ix_run_trigger_kind_id"))
        batch_op.drop_index(batch_op.f("ix_run_state_id"))
        batch_op.drop_index(batch_op.f("ix_run_stack_id_id"))
        batch_op.drop_index(batch_op.f("ix_run_project_id_id"))
        batch_op.drop_index(
            "ix_run_held",
            sqlite_where=sa.text("worker_id IS NOT NULL"),
            postgresql_where=sa.text("worker_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_run_finished_at"))
        batch_op.drop_index(
            "ix_run_drift",
            sqlite_where=sa.text("drift IS 1"),
            postgresql_where=sa.text("drift IS true"),
        )
        batch_op.drop_index(batch_op.f("ix_run_deployment_id_id"))
        batch_op.drop_index(batch_op.f("ix_run_created_by_id_id"))
        batch_op.drop_index(
            "ix_run_branch",
            sqlite_where=sa.text("branch IS NOT NULL"),
            postgresql_where=sa.text("branch IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_run_archived",
            sqlite_where=sa.text("archived_at IS NOT NULL"),
            postgresql_where=sa.text("archived_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_run_active",
            sqlite_where=sa.text(
                "state NOT IN ('finished','failed','discarded','stopped','canceled','timed_out','skipped')"
            ),
            postgresql_where=sa.text(
                "state NOT IN ('finished','failed','discarded','stopped','canceled','timed_out','skipped')"
            ),
        )

    op.drop_table("run")
    op.drop_table("resource")
    op.drop_table("manual_lock")
    with op.batch_alter_table("deployment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deployment_workspace_id"))
        batch_op.drop_index(batch_op.f("ix_deployment_project_id"))

    op.drop_table("deployment")
    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_session_user_id"))

    op.drop_table("user_session")
    op.drop_table("stack")
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_member_workspace_id"))
        batch_op.drop_index(batch_op.f("ix_member_project_id"))

    op.drop_table("member")
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draft_user_id"))

    op.drop_table("draft")
    with op.batch_alter_table("configuration_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_configuration_version_project_id"))

    op.drop_table("configuration_version")
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_token_user_id"))

    op.drop_table("api_token")
    op.drop_table("workspace")
    op.drop_table("worker")
    op.drop_table("user")
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_attempt_email_at"))
        batch_op.drop_index(batch_op.f("ix_sign_in_attempt_address_at"))

    op.drop_table("sign_in_attempt")
    op.drop_table("setting")
    op.drop_table("project")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_delivered_at"))

    op.drop_table("outbox")
    op.drop_table("lease")
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_key_at"))

    op.drop_table("idempotency_key")
    op.drop_table("blob")
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_event_workspace_id_id"))
        batch_op.drop_index(batch_op.f("ix_audit_event_target_id_id"))
        batch_op.drop_index(batch_op.f("ix_audit_event_project_id_id"))
        batch_op.drop_index(batch_op.f("ix_audit_event_actor_id_id"))
        batch_op.drop_index(batch_op.f("ix_audit_event_action_id"))

    op.drop_table("audit_event")
