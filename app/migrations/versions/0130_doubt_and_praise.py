"""Whether a ticket may be about danger until a person has looked, and whether it is praise."""

import sqlalchemy as sa
from alembic import op

revision = '0130'
down_revision = '0129'
branch_labels = None
depends_on = None

_UNTAKEN = "is_doubted and assignee_id is null and status in ('new', 'open', 'pending_citizen', 'pending_third_party')"


def upgrade() -> None:
    op.add_column('ticket', sa.Column('is_doubted', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('ticket', sa.Column('is_praise', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_ticket_doubted")
        op.create_index('ix_ticket_doubted', 'ticket', ['next_due_at', 'id'], postgresql_concurrently=True,
                        postgresql_where=sa.text(_UNTAKEN))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_ticket_doubted', table_name='ticket', postgresql_concurrently=True)
    op.drop_column('ticket', 'is_praise')
    op.drop_column('ticket', 'is_doubted')
