"""Since when the longest waiting message should have left is looked up, however many wait."""

import sqlalchemy as sa
from alembic import op

revision = '0114'
down_revision = '0130'
branch_labels = None
depends_on = None

SINCE = (
    "(case when left(error_code, 12) = 'over_budget_' then not_before"
    " else coalesce(due_at, case when attempts = 0 then not_before else created_at end) end)"
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_outbound_message_since")
        op.create_index('ix_outbound_message_since', 'outbound_message', ['is_urgent', sa.text(SINCE)],
                        postgresql_concurrently=True, postgresql_where=sa.text("state in ('waiting', 'claimed')"))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_outbound_message_since', table_name='outbound_message', postgresql_concurrently=True)
