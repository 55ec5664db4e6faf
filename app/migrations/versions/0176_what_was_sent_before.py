"""A text that came back and was sent again was paid for twice: what the first sending cost is kept beside it."""

import sqlalchemy as sa
from alembic import op

revision = '0176'
down_revision = '0170'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'earlier_sending',
        sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column('outbound_id', sa.BigInteger(), nullable=False),
        sa.Column('account', sa.Text(), nullable=False),
        sa.Column('parts', sa.BigInteger(), nullable=False),
        sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['outbound_id'], ['outbound_message.id'], name=op.f('fk_earlier_sending_outbound_id_outbound_message'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_earlier_sending')),
    )
    op.create_index(op.f('ix_earlier_sending_outbound_id'), 'earlier_sending', ['outbound_id'])
    op.create_index(op.f('ix_earlier_sending_sent_at'), 'earlier_sending', ['sent_at'])


def downgrade() -> None:
    op.drop_table('earlier_sending')
