"""Calls whose end nobody has told us, however far they came: the provider is asked about them.

One that was broken off leaves an invalid index behind: it is dropped first, so that running this again mends it.
"""

import sqlalchemy as sa
from alembic import op

revision = '0145'
down_revision = '0117'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_call_open")
        op.create_index('ix_call_open', 'call', ['id'], postgresql_concurrently=True, postgresql_where=sa.text("ended_at is null"))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_call_open', table_name='call', postgresql_concurrently=True)
