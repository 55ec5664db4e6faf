"""Which tickets are answered through another, since when, and what that took from the other's promise."""

import sqlalchemy as sa
from alembic import op

revision = '0037'
down_revision = '0043'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('duplicate_link',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('master_id', sa.BigInteger(), nullable=False),
    sa.Column('linked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('linked_by_id', sa.BigInteger(), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('taken_seconds', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by_id', sa.BigInteger(), nullable=True),
    sa.Column('cause', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['ended_by_id'], ['staff.id'], name=op.f('fk_duplicate_link_ended_by_id_staff')),
    sa.ForeignKeyConstraint(['linked_by_id'], ['staff.id'], name=op.f('fk_duplicate_link_linked_by_id_staff')),
    sa.ForeignKeyConstraint(['master_id'], ['ticket.id'], name=op.f('fk_duplicate_link_master_id_ticket'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_duplicate_link_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_duplicate_link'))
    )
    op.create_index('ix_duplicate_link_master_id', 'duplicate_link', ['master_id'], unique=False, postgresql_where=sa.text('ended_at is null'))
    op.create_index('uq_duplicate_link_stands', 'duplicate_link', ['ticket_id'], unique=True, postgresql_where=sa.text('ended_at is null'))


def downgrade() -> None:
    op.drop_table('duplicate_link')
