"""Accounts say whether they speak to whoever picks up and bring pictures; texts to one phone are found by it."""

import sqlalchemy as sa
from alembic import op

revision = '0102'
down_revision = '0112'
branch_labels = None
depends_on = None

NEW = {
    'twilio': '["whisper", "mms"]',
    'signalwire': '["whisper", "mms"]',
}
TURN = 'ix_outbound_message_turn'
OPEN = "state in ('waiting', 'claimed')"


def upgrade() -> None:
    for kind, words in NEW.items():
        more = sa.text(
            "update provider_account set capabilities = capabilities || cast(:words as jsonb) "
            "where kind = :kind and capabilities ? 'voice' and not capabilities ? 'whisper'"
        )
        op.execute(more.bindparams(words=words, kind=kind))
    with op.get_context().autocommit_block():
        op.execute(f"drop index concurrently if exists {TURN}")
        op.create_index(TURN, 'outbound_message', ['address', 'id'], postgresql_concurrently=True, postgresql_where=sa.text(OPEN))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(TURN, table_name='outbound_message', postgresql_concurrently=True)
    op.execute("update provider_account set capabilities = capabilities - '{whisper,mms}'::text[]")
