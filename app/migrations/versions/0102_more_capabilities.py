"""Accounts say whether they ring browsers, speak to whoever picks up before connecting, and bring pictures."""

import sqlalchemy as sa
from alembic import op

revision = '0102'
down_revision = '0104'
branch_labels = None
depends_on = None

NEW = {
    'twilio': '["client", "whisper", "mms"]',
    'signalwire': '["whisper", "mms"]',
    'somleng': '["sip"]',
    'own_trunk': '["sip"]',
}


def upgrade() -> None:
    for kind, words in NEW.items():
        more = sa.text(
            "update provider_account set capabilities = capabilities || cast(:words as jsonb) "
            "where kind = :kind and capabilities ? 'voice'"
        )
        op.execute(more.bindparams(words=words, kind=kind))


def downgrade() -> None:
    op.execute("update provider_account set capabilities = capabilities - '{client,whisper,mms}'::text[]")
