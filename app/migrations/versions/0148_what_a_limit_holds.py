"""What a person's limit holds is not late before its time, as what a budget holds is not."""

import sqlalchemy as sa
from alembic import op

revision = '0148'
down_revision = '0150'
branch_labels = None
depends_on = None

SINCE = (
    "(case when left(error_code, 5) = 'over_' then not_before"
    " else coalesce(due_at, case when attempts = 0 then not_before else created_at end) end)"
)
BEFORE = (
    "(case when left(error_code, 12) = 'over_budget_' then not_before"
    " else coalesce(due_at, case when attempts = 0 then not_before else created_at end) end)"
)


def upgrade() -> None:
    counted_by(SINCE)


def downgrade() -> None:
    counted_by(BEFORE)


def counted_by(since: str) -> None:
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_outbound_message_since")
        op.create_index('ix_outbound_message_since', 'outbound_message', ['is_urgent', sa.text(since)],
                        postgresql_concurrently=True, postgresql_where=sa.text("state in ('waiting', 'claimed')"))
