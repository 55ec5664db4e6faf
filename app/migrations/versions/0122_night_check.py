"""The night check: which units consent, and what became of each call to a published line."""

import sqlalchemy as sa
from alembic import op

revision = '0122'
down_revision = '0121'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('night_consent',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('is_given', sa.Boolean(), nullable=False),
    sa.Column('decided_by_id', sa.BigInteger(), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['decided_by_id'], ['staff.id'], name=op.f('fk_night_consent_decided_by_id_staff')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_night_consent_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_night_consent'))
    )
    op.create_index('ix_night_consent_unit_id', 'night_consent', ['unit_id', 'id'], unique=False)
    op.create_table('night_call',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('line_id', sa.BigInteger(), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('night', sa.Date(), nullable=False),
    sa.Column('call_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('dedup_key', sa.Text(), nullable=True),
    sa.Column('pressed', sa.Text(), server_default='', nullable=False),
    sa.Column('pressed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('result', sa.Enum('answered', 'wrong', 'rang_out', 'busy', 'machine', 'no_key', 'unreachable', 'not_called', name='night_result', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('seconds', sa.BigInteger(), nullable=True),
    sa.Column('on_duty', sa.Text(), server_default='', nullable=False),
    sa.Column('judged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ticket_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['line_id'], ['line.id'], name=op.f('fk_night_call_line_id_line')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_night_call_ticket_id_ticket')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_night_call_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_night_call')),
    sa.UniqueConstraint('dedup_key', name=op.f('uq_night_call_dedup_key')),
    sa.UniqueConstraint('line_id', 'night', name=op.f('uq_night_call_line_id_night'))
    )
    op.create_index('ix_night_call_open', 'night_call', ['call_at'], unique=False, postgresql_where=sa.text('result is null'))
    op.create_index('ix_night_call_night', 'night_call', ['night'], unique=False)
    op.create_index('ix_night_call_unit_id', 'night_call', ['unit_id'], unique=False)
    op.create_index('ix_night_call_ticket_id', 'night_call', ['ticket_id'], unique=False)


def downgrade() -> None:
    op.drop_table('night_call')
    op.drop_table('night_consent')
