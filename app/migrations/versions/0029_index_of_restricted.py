"""Which tickets are restricted, at hand for figures that leave them out."""

import sqlalchemy as sa
from alembic import op

revision = '0029'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_ticket_restricted")
        op.create_index('ix_ticket_restricted', 'ticket', ['id'], postgresql_concurrently=True, postgresql_where=sa.text('is_restricted'))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_ticket_restricted', table_name='ticket', postgresql_concurrently=True)
