"""Service accounts, teams with roles, tokens bound to places.

Revision: 0004
Before it: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# A table that others refer to must not be made anew: on SQLite its old self takes their rows along.
# So `user` only gets columns, and loses them by a plain statement.
OF_USER = ("created_by_name", "responsible_id", "description", "kind")
ONE_HOLDER = "(user_id IS NULL) <> (team_id IS NULL)"
PLACES = ("project", "stack", "workspace")


def upgrade() -> None:
    op.create_table(
        "team",
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_name", sa.String(length=160), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("name", name=op.f("uq_team_name")),
    )
    op.create_table(
        "team_member",
        sa.Column("team_id", sa.String(length=24), nullable=False),
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_team_member_team_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_team_member_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_team_member")),
    )
    op.create_index(op.f("ix_team_member_user_id"), "team_member", ["user_id"])
    op.add_column("user", sa.Column("kind", sa.String(32), server_default="person", nullable=False))
    op.add_column("user", sa.Column("description", sa.Text(), server_default="", nullable=False))
    op.add_column("user", sa.Column("responsible_id", sa.String(24), nullable=True))
    op.add_column(
        "user", sa.Column("created_by_name", sa.String(160), server_default="", nullable=False)
    )
    op.add_column("audit_event", sa.Column("token_id", sa.String(24), nullable=True))
    _upgrade_tokens()
    _upgrade_members()


def _upgrade_tokens() -> None:
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        for name, size in (("last_used_from", 64), ("created_by_name", 160)):
            batch_op.add_column(sa.Column(name, sa.String(size), server_default="", nullable=False))
        batch_op.add_column(sa.Column("role", sa.String(length=32), nullable=True))
        for place in PLACES:
            batch_op.add_column(sa.Column(f"{place}_id", sa.String(length=24), nullable=True))
            batch_op.create_index(batch_op.f(f"ix_api_token_{place}_id"), [f"{place}_id"])
            batch_op.create_foreign_key(
                batch_op.f(f"fk_api_token_{place}_id"),
                place,
                [f"{place}_id"],
                ["id"],
                ondelete="CASCADE",
            )


def _upgrade_members() -> None:
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.add_column(sa.Column("team_id", sa.String(length=24), nullable=True))
        batch_op.alter_column("user_id", existing_type=sa.String(length=24), nullable=True)
        for place in ("project", "workspace"):
            name = batch_op.f(f"uq_member_team_id_{place}_id")
            batch_op.create_unique_constraint(name, ["team_id", f"{place}_id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_member_team_id"), "team", ["team_id"], ["id"], ondelete="CASCADE"
        )
        batch_op.create_check_constraint(batch_op.f("ck_member_one_holder"), ONE_HOLDER)


def downgrade() -> None:
    op.execute("DELETE FROM member WHERE team_id IS NOT NULL")
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_member_one_holder"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_member_team_id"), type_="foreignkey")
        for place in ("project", "workspace"):
            batch_op.drop_constraint(batch_op.f(f"uq_member_team_id_{place}_id"), type_="unique")
        batch_op.alter_column("user_id", existing_type=sa.String(length=24), nullable=False)
        batch_op.drop_column("team_id")
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        for place in PLACES:
            batch_op.drop_constraint(batch_op.f(f"fk_api_token_{place}_id"), type_="foreignkey")
            batch_op.drop_index(batch_op.f(f"ix_api_token_{place}_id"))
            batch_op.drop_column(f"{place}_id")
        for name in ("role", "created_by_name", "last_used_from"):
            batch_op.drop_column(name)
    op.execute("ALTER TABLE audit_event DROP COLUMN token_id")
    op.execute("DELETE FROM \"user\" WHERE kind = 'service'")
    for name in OF_USER:
        op.execute(f'ALTER TABLE "user" DROP COLUMN {name}')
    op.drop_table("team_member")
    op.drop_table("team")
