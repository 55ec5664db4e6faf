"""Why nothing leaves on a channel, and since when a message should have left."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sending_trouble',
    sa.Column('channel', sa.Enum('sms', 'email', 'voice', 'screen', name='outbound_channel', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('is_of_account', sa.Boolean(), nullable=False),
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('error', sa.Text(), nullable=False),
    sa.Column('since_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('refusals', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('channel', name=op.f('pk_sending_trouble'))
    )
    op.add_column('outbound_message', sa.Column('due_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('outbound_message', 'due_at')
    op.drop_table('sending_trouble')
