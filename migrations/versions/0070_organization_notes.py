"""Keep what support writes down about an organization"""

import sqlalchemy as sa
from alembic import op

revision = "0070_organization_notes"
down_revision = "0069_timelines"
branch_labels = None
depends_on = None

FROZEN = "BL001"
INSTANT = sa.DateTime(timezone=True)
GUARD = f"""
create function guard_organization_notes() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and to_jsonb(new) - array['pinned_at', 'pinned_by']
     = to_jsonb(old) - array['pinned_at', 'pinned_by'] then
    return new;
  end if;
  raise exception '% on % is refused: what was noted stays', tg_op, tg_table_name
    using errcode = '{FROZEN}';
end $$
"""


def upgrade() -> None:
    op.create_table(
        "organization_notes",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("author_label", sa.String(200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("pinned_at", INSTANT, nullable=True),
        sa.Column("pinned_by", sa.String(200), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"],
            name="fk_organization_notes_organization_id_organizations",
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name="fk_organization_notes_author_id_users"
        ),
        sa.UniqueConstraint("key", name="uq_organization_notes_key"),
        sa.CheckConstraint("(pinned_at is null) = (pinned_by is null)", name="pinned"),
    )  # fmt: skip
    op.create_index(
        "ix_organization_notes_timeline",
        "organization_notes",
        ["organization_id", "created_at", "id"],
    )
    op.create_index(
        "ix_organization_notes_pinned",
        "organization_notes",
        ["organization_id"],
        postgresql_where=sa.text("pinned_at is not null"),
    )
    op.execute(GUARD)
    op.execute(
        "create trigger organization_notes_guard before update or delete on organization_notes "
        "for each row execute function guard_organization_notes()"
    )


def downgrade() -> None:
    op.drop_table("organization_notes")
    op.execute("drop function guard_organization_notes()")
