"""What one person writes by a chat is found again, while texts come in."""

import sqlalchemy as sa
from alembic import op

revision = '0180'
down_revision = '0175'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # One that was broken off leaves an invalid index behind.
        op.execute("drop index concurrently if exists ix_inbound_sms_chat")
        op.create_index('ix_inbound_sms_chat', 'inbound_sms', ['phone_raw'], postgresql_concurrently=True, postgresql_where=sa.text('phone is null'))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_inbound_sms_chat', table_name='inbound_sms', postgresql_concurrently=True)
