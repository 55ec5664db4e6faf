"""Totals of the promises that ended on a day; the days so far are counted by the leader once it runs."""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('promise_day',
    sa.Column('on_day', sa.Date(), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.Enum('accept', 'first', 'next', 'update', 'resolve', 'dispute', 'appeal', name='clock_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('met', sa.BigInteger(), nullable=False),
    sa.Column('missed', sa.BigInteger(), nullable=False),
    sa.Column('cancelled', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_promise_day_unit_id_unit')),
    sa.PrimaryKeyConstraint('on_day', 'unit_id', 'kind', name=op.f('pk_promise_day'))
    )


def downgrade() -> None:
    op.drop_table('promise_day')
