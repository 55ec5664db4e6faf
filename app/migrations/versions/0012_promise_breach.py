"""The first breach of a promise as a fact of its own."""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('promise_breach',
    sa.Column('clock_id', sa.BigInteger(), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Enum('accept', 'first', 'next', 'update', 'resolve', 'dispute', 'appeal', name='clock_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('cycle', sa.BigInteger(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('breached_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('noted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=True),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['clock_id'], ['clock.id'], name=op.f('fk_promise_breach_clock_id_clock'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_promise_breach_staff_id_staff')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_promise_breach_ticket_id_ticket'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_promise_breach_unit_id_unit')),
    sa.PrimaryKeyConstraint('clock_id', name=op.f('pk_promise_breach'))
    )
    op.create_index(op.f('ix_promise_breach_ticket_id'), 'promise_breach', ['ticket_id'], unique=False)
    op.add_column('clock', sa.Column('first_breach_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('clock', 'first_breach_at')
    op.drop_index(op.f('ix_promise_breach_ticket_id'), table_name='promise_breach')
    op.drop_table('promise_breach')
