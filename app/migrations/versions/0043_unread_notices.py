"""What stands unread on a person's screens, found without walking through all they have ever read."""

import sqlalchemy as sa
from alembic import op

revision = '0043'
down_revision = '0036'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_outbound_message_unread")
        op.create_index('ix_outbound_message_unread', 'outbound_message', ['staff_id', 'id'], postgresql_concurrently=True, postgresql_where=sa.text("channel = 'screen' and read_at is null"))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_outbound_message_unread', table_name='outbound_message', postgresql_concurrently=True)
