"""Rotations that fill the rota ahead, leave with who stands in, and swaps of turns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0044'
down_revision = '0040'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('absence',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('deputy_id', sa.BigInteger(), nullable=True),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('deputy_id <> staff_id', name=op.f('ck_absence_another')),
    sa.CheckConstraint('ends_at > starts_at', name=op.f('ck_absence_range')),
    sa.ForeignKeyConstraint(['deputy_id'], ['staff.id'], name=op.f('fk_absence_deputy_id_staff')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_absence_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_absence'))
    )
    op.create_index(op.f('ix_absence_deputy_id'), 'absence', ['deputy_id'], unique=False)
    op.create_index(op.f('ix_absence_staff_id'), 'absence', ['staff_id'], unique=False)
    op.create_table('rotation',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('post_id', sa.BigInteger(), nullable=False),
    sa.Column('staff_ids', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('days_each', sa.BigInteger(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('from_minute', sa.BigInteger(), nullable=False),
    sa.Column('to_minute', sa.BigInteger(), nullable=False),
    sa.Column('filled_until', sa.Date(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('days_each >= 1 and days_each <= 31', name=op.f('ck_rotation_days')),
    sa.CheckConstraint('from_minute >= 0 and from_minute <= 1439 and to_minute >= 0 and to_minute <= 1439', name=op.f('ck_rotation_minutes')),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_rotation_post_id_post')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rotation'))
    )
    op.create_index(op.f('ix_rotation_post_id'), 'rotation', ['post_id'], unique=False)
    op.create_table('swap_request',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shift_id', sa.BigInteger(), nullable=False),
    sa.Column('from_staff_id', sa.BigInteger(), nullable=False),
    sa.Column('to_staff_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.Enum('asked', 'accepted', 'refused', 'withdrawn', name='swap_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['from_staff_id'], ['staff.id'], name=op.f('fk_swap_request_from_staff_id_staff')),
    sa.ForeignKeyConstraint(['shift_id'], ['shift.id'], name=op.f('fk_swap_request_shift_id_shift'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['to_staff_id'], ['staff.id'], name=op.f('fk_swap_request_to_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_swap_request'))
    )
    op.create_index(op.f('ix_swap_request_from_staff_id'), 'swap_request', ['from_staff_id'], unique=False)
    op.create_index('ix_swap_request_shift_id', 'swap_request', ['shift_id'], unique=False)
    op.create_index(op.f('ix_swap_request_to_staff_id'), 'swap_request', ['to_staff_id'], unique=False)
    op.create_index('uq_swap_request_open', 'swap_request', ['shift_id'], unique=True, postgresql_where=sa.text("state = 'asked'"))
    op.add_column('shift', sa.Column('rotation_id', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column('shift', 'rotation_id')
    op.drop_index('uq_swap_request_open', table_name='swap_request', postgresql_where=sa.text("state = 'asked'"))
    op.drop_index(op.f('ix_swap_request_to_staff_id'), table_name='swap_request')
    op.drop_index('ix_swap_request_shift_id', table_name='swap_request')
    op.drop_index(op.f('ix_swap_request_from_staff_id'), table_name='swap_request')
    op.drop_table('swap_request')
    op.drop_index(op.f('ix_rotation_post_id'), table_name='rotation')
    op.drop_table('rotation')
    op.drop_index(op.f('ix_absence_staff_id'), table_name='absence')
    op.drop_index(op.f('ix_absence_deputy_id'), table_name='absence')
    op.drop_table('absence')
