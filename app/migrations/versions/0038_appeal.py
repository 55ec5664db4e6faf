"""Appeals against the result of a closed ticket, what a citizen was told to expect, disputes at hand for the arbiter."""

import sqlalchemy as sa
from alembic import op

revision = '0038'
down_revision = '0037'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('appeal',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('closure', sa.BigInteger(), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('channel', sa.Enum('voice', 'sms', 'web', 'api', 'manual', name='channel', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('outcome', sa.Enum('upheld', 'changed', 'redo', name='appeal_outcome', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['ticket.id'], name=op.f('fk_appeal_case_id_ticket'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['decided_by_id'], ['staff.id'], name=op.f('fk_appeal_decided_by_id_staff')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_appeal_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_appeal')),
    sa.UniqueConstraint('case_id', name=op.f('uq_appeal_case_id')),
    sa.UniqueConstraint('ticket_id', 'closure', name=op.f('uq_appeal_ticket_id_closure'))
    )
    op.add_column('ticket', sa.Column('expected_at', sa.DateTime(timezone=True), nullable=True))
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_clock_dispute")
        op.create_index('ix_clock_dispute', 'clock', ['ticket_id'], postgresql_concurrently=True, postgresql_where=sa.text("kind = 'dispute' and status = 'running'"))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_clock_dispute', table_name='clock', postgresql_concurrently=True)
    op.drop_column('ticket', 'expected_at')
    op.drop_table('appeal')
