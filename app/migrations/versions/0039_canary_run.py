"""The hourly trial of the escalation chain: a row for each (R26)."""

import sqlalchemy as sa
from alembic import op

revision = '0039'
down_revision = '0032'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('canary_run',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('fired_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('missing', sa.Enum('fired', 'sent', 'delivered', name='canary_stage', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_canary_run_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_canary_run'))
    )
    op.create_index('ix_canary_run_opened_at', 'canary_run', ['opened_at'])
    op.create_index(op.f('ix_canary_run_ticket_id'), 'canary_run', ['ticket_id'])
    op.create_index('ix_canary_run_ended_at', 'canary_run', ['ended_at'])


def downgrade() -> None:
    op.drop_table('canary_run')
