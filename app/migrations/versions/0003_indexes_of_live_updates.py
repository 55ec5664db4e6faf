"""Indexes for what live updates ask every second, made while the city works.

One that was broken off leaves an invalid index behind: it is dropped first, so that running this again mends it.
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_acknowledgement_at")
        op.create_index('ix_acknowledgement_at', 'acknowledgement', ['at'], postgresql_concurrently=True)
        op.execute("drop index concurrently if exists ix_call_ended")
        op.create_index('ix_call_ended', 'call', ['ended_at'], postgresql_concurrently=True, postgresql_where=sa.text('ended_at is not null'))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_call_ended', table_name='call', postgresql_concurrently=True)
        op.drop_index('ix_acknowledgement_at', table_name='acknowledgement', postgresql_concurrently=True)
