"""Repositories: integrations, links, deliveries, and what is told of runs.

Revision: 0006
Before it: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "vcs_integration",
        sa.Column("project_id", sa.String(length=24), nullable=True),
        sa.Column("place", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("base_url", sa.String(length=2000), nullable=False),
        sa.Column("clone_url", sa.String(length=2000), nullable=False),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("known_hosts", sa.Text(), nullable=False),
        sa.Column("repositories", JSON, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("holds", JSON, nullable=False),
        sa.Column("old_secret_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("max_runs", sa.Integer(), nullable=False),
        sa.Column("poll_every_s", sa.Integer(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_repository", sa.String(length=255), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_passed", sa.Boolean(), nullable=True),
        sa.Column("check_text", sa.Text(), nullable=False),
        sa.Column("report_problem", sa.Text(), nullable=False),
        sa.Column("report_problem_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_name", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_vcs_integration_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vcs_integration")),
        sa.UniqueConstraint("place", "name", name=op.f("uq_vcs_integration_place_name")),
    )
    with op.batch_alter_table("vcs_integration", schema=None) as batch_op:
        batch_op.create_index(
            "ix_vcs_integration_check",
            ["check_wanted_at"],
            unique=False,
            sqlite_where=sa.text("check_wanted_at IS NOT NULL"),
            postgresql_where=sa.text("check_wanted_at IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_vcs_integration_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "vcs_delivery",
        sa.Column("integration_id", sa.String(length=24), nullable=False),
        sa.Column("delivery_id", sa.String(length=255), nullable=False),
        sa.Column("via", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("repository", sa.String(length=255), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("sender", sa.String(length=255), nullable=False),
        sa.Column("event", JSON, nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["vcs_integration.id"],
            name=op.f("fk_vcs_delivery_integration_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vcs_delivery")),
        sa.UniqueConstraint(
            "integration_id", "delivery_id", name=op.f("uq_vcs_delivery_integration_id_delivery_id")
        ),
    )
    with op.batch_alter_table("vcs_delivery", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_vcs_delivery_integration_id_body_sha256"),
            ["integration_id", "body_sha256"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_vcs_delivery_integration_id_id"), ["integration_id", "id"], unique=False
        )
        batch_op.create_index(
            "ix_vcs_delivery_pending",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("verdict = 'pending'"),
            postgresql_where=sa.text("verdict = 'pending'"),
        )
        batch_op.create_index(
            batch_op.f("ix_vcs_delivery_received_at"), ["received_at"], unique=False
        )

    op.create_table(
        "vcs_repository",
        sa.Column("integration_id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("default_branch", sa.String(length=255), nullable=False),
        sa.Column("web_url", sa.String(length=2000), nullable=False),
        sa.Column("tips", JSON, nullable=True),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["vcs_integration.id"],
            name=op.f("fk_vcs_repository_integration_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vcs_repository")),
        sa.UniqueConstraint(
            "integration_id", "name", name=op.f("uq_vcs_repository_integration_id_name")
        ),
    )
    with op.batch_alter_table("vcs_repository", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_vcs_repository_next_poll_at"), ["next_poll_at"], unique=False
        )

    op.create_table(
        "vcs_comment",
        sa.Column("repository_id", sa.String(length=24), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["vcs_repository.id"],
            name=op.f("fk_vcs_comment_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vcs_comment")),
        sa.UniqueConstraint(
            "repository_id", "number", name=op.f("uq_vcs_comment_repository_id_number")
        ),
    )
    op.create_table(
        "vcs_link",
        sa.Column("deployment_id", sa.String(length=24), nullable=False),
        sa.Column("project_id", sa.String(length=24), nullable=False),
        sa.Column("stack_id", sa.String(length=24), nullable=False),
        sa.Column("workspace_id", sa.String(length=24), nullable=False),
        sa.Column("repository_id", sa.String(length=24), nullable=False),
        sa.Column("branch", sa.String(length=255), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("globs", JSON, nullable=False),
        sa.Column("tags", sa.String(length=255), nullable=False),
        sa.Column("on_push", sa.String(length=16), nullable=False),
        sa.Column("on_pull_request", sa.Boolean(), nullable=False),
        sa.Column("allow_forks", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.String(length=24), nullable=True),
        sa.Column("owner_name", sa.String(length=120), nullable=False),
        sa.Column("seen_sha", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
            name=op.f("fk_vcs_link_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_vcs_link_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["vcs_repository.id"],
            name=op.f("fk_vcs_link_repository_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["stack_id"], ["stack.id"], name=op.f("fk_vcs_link_stack_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_vcs_link_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vcs_link")),
        sa.UniqueConstraint("deployment_id", name=op.f("uq_vcs_link_deployment_id")),
    )
    with op.batch_alter_table("vcs_link", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_vcs_link_repository_id"), ["repository_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_vcs_link_stack_id"), ["stack_id"], unique=False)

    op.create_table(
        "vcs_outcome",
        sa.Column("delivery_id", sa.String(length=24), nullable=False),
        sa.Column("deployment_id", sa.String(length=24), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("run_id", sa.String(length=24), nullable=True),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["vcs_delivery.id"],
            name=op.f("fk_vcs_outcome_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
            name=op.f("fk_vcs_outcome_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_vcs_outcome_run_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vcs_outcome")),
        sa.UniqueConstraint(
            "delivery_id", "deployment_id", name=op.f("uq_vcs_outcome_delivery_id_deployment_id")
        ),
    )
    with op.batch_alter_table("vcs_outcome", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_vcs_outcome_deployment_id_id"), ["deployment_id", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_vcs_outcome_run_id"), ["run_id"], unique=False)

    op.create_table(
        "vcs_run",
        sa.Column("run_id", sa.String(length=24), nullable=False),
        sa.Column("repository_id", sa.String(length=24), nullable=False),
        sa.Column("link_id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("pull", sa.Integer(), nullable=True),
        sa.Column("base", sa.String(length=255), nullable=False),
        sa.Column("told", sa.String(length=255), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["vcs_repository.id"],
            name=op.f("fk_vcs_run_repository_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_vcs_run_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_vcs_run")),
    )
    with op.batch_alter_table("vcs_run", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_vcs_run_link_id_pull"), ["link_id", "pull"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_vcs_run_repository_id_pull"), ["repository_id", "pull"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("vcs_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vcs_run_repository_id_pull"))
        batch_op.drop_index(batch_op.f("ix_vcs_run_link_id_pull"))

    op.drop_table("vcs_run")
    with op.batch_alter_table("vcs_outcome", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vcs_outcome_run_id"))
        batch_op.drop_index(batch_op.f("ix_vcs_outcome_deployment_id_id"))

    op.drop_table("vcs_outcome")
    with op.batch_alter_table("vcs_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vcs_link_stack_id"))
        batch_op.drop_index(batch_op.f("ix_vcs_link_repository_id"))

    op.drop_table("vcs_link")
    op.drop_table("vcs_comment")
    with op.batch_alter_table("vcs_repository", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vcs_repository_next_poll_at"))

    op.drop_table("vcs_repository")
    with op.batch_alter_table("vcs_delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vcs_delivery_received_at"))
        batch_op.drop_index(
            "ix_vcs_delivery_pending",
            sqlite_where=sa.text("verdict = 'pending'"),
            postgresql_where=sa.text("verdict = 'pending'"),
        )
        batch_op.drop_index(batch_op.f("ix_vcs_delivery_integration_id_id"))
        batch_op.drop_index(batch_op.f("ix_vcs_delivery_integration_id_body_sha256"))

    op.drop_table("vcs_delivery")
    with op.batch_alter_table("vcs_integration", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_vcs_integration_project_id"))
        batch_op.drop_index(
            "ix_vcs_integration_check",
            sqlite_where=sa.text("check_wanted_at IS NOT NULL"),
            postgresql_where=sa.text("check_wanted_at IS NOT NULL"),
        )

    op.drop_table("vcs_integration")
