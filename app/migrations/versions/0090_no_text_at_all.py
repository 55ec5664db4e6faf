"""Whether a phone wants no text at all, or only none that nobody asked for.

Who had opted out before was told that nothing would come any more: that is kept.
"""

import sqlalchemy as sa
from alembic import op

revision = '0090'
down_revision = '0087'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('phone_preference', sa.Column('sms_silent_at', sa.DateTime(timezone=True), nullable=True))
    op.execute("update phone_preference set sms_silent_at = sms_opted_out_at where sms_opted_out_at is not null")


def downgrade() -> None:
    op.drop_column('phone_preference', 'sms_silent_at')
