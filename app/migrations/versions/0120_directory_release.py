"""What units confirm of the directory, and what the City Office releases or returns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0120'
down_revision = '0114'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('directory_release',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('is_released', sa.Boolean(), nullable=False),
    sa.Column('content', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('decided_by_id', sa.BigInteger(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("is_released or reason <> ''", name=op.f('ck_directory_release_reason')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['staff.id'], name=op.f('fk_directory_release_decided_by_id_staff')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_directory_release_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_directory_release'))
    )
    op.create_index('ix_directory_release_unit_id', 'directory_release', ['unit_id', 'id'], unique=False)
    op.create_table('directory_confirmation',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('fingerprint', sa.Text(), nullable=False),
    sa.Column('confirmed_by_id', sa.BigInteger(), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['confirmed_by_id'], ['staff.id'], name=op.f('fk_directory_confirmation_confirmed_by_id_staff')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_directory_confirmation_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_directory_confirmation'))
    )
    op.create_index('ix_directory_confirmation_unit_id', 'directory_confirmation', ['unit_id', 'id'], unique=False)


def downgrade() -> None:
    op.drop_table('directory_confirmation')
    op.drop_table('directory_release')
