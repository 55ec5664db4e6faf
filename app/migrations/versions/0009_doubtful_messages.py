"""Since when a message may have left without our knowing, and up to when providers were asked what they never told."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('outbound_message', sa.Column('doubtful_since', sa.DateTime(timezone=True), nullable=True))
    op.create_table('reconciliation_mark',
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('up_to', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('account', 'kind', name=op.f('pk_reconciliation_mark'))
    )


def downgrade() -> None:
    op.drop_table('reconciliation_mark')
    op.drop_column('outbound_message', 'doubtful_since')
