"""Promises kept as they were published last, so that a page for everybody reads a few rows a body."""

import sqlalchemy as sa
from alembic import op

revision = '0060'
down_revision = '0047'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('published_promise',
    sa.Column('unit_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.Enum('accept', 'first', 'next', 'update', 'resolve', 'dispute', 'appeal', name='clock_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('met', sa.BigInteger(), nullable=False),
    sa.Column('missed', sa.BigInteger(), nullable=False),
    sa.Column('overdue', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_published_promise_unit_id_unit')),
    sa.PrimaryKeyConstraint('unit_id', 'kind', name=op.f('pk_published_promise'))
    )


def downgrade() -> None:
    op.drop_table('published_promise')
