"""What was read wrongly from people's words, and by which rules a ticket was read."""

import sqlalchemy as sa
from alembic import op

revision = '0128'
down_revision = '0113'
branch_labels = None
depends_on = None

_FIELDS = ('danger', 'conduct', 'category', 'place', 'noise', 'praise')


def upgrade() -> None:
    op.add_column('ticket', sa.Column('read_by', sa.Text(), server_default='', nullable=False))
    op.create_table('reading_correction',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('field', sa.Enum(*_FIELDS, name='read_field', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('guessed', sa.Text(), nullable=False),
    sa.Column('correct', sa.Text(), nullable=False),
    sa.Column('told_by', sa.Text(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('rules_version', sa.Text(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_reading_correction_staff_id_staff')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_reading_correction_ticket_id_ticket')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reading_correction'))
    )
    op.create_index(op.f('ix_reading_correction_ticket_id'), 'reading_correction', ['ticket_id'], unique=False)
    op.create_index(op.f('ix_reading_correction_at'), 'reading_correction', ['at'], unique=False)


def downgrade() -> None:
    op.drop_table('reading_correction')
    op.drop_column('ticket', 'read_by')
