"""Test calls to published lines."""

import sqlalchemy as sa
from alembic import op

revision = '0112'
down_revision = '0094'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('line_test',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('line_id', sa.BigInteger(), nullable=False),
    sa.Column('asked_by_id', sa.BigInteger(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('dedup_key', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['asked_by_id'], ['staff.id'], name=op.f('fk_line_test_asked_by_id_staff')),
    sa.ForeignKeyConstraint(['line_id'], ['line.id'], name=op.f('fk_line_test_line_id_line')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_line_test')),
    sa.UniqueConstraint('dedup_key', name=op.f('uq_line_test_dedup_key'))
    )
    op.create_index('ix_line_test_line_id', 'line_test', ['line_id', 'id'], unique=False)


def downgrade() -> None:
    op.drop_table('line_test')
