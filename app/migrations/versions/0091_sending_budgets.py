"""Which numbers are texted and called, and how many messages and calls go to citizens in an hour and a day."""

import sqlalchemy as sa
from alembic import op

revision = '0091'
down_revision = '0090'
branch_labels = None
depends_on = None

KINDS = ('sms', 'callback', 'call')


def upgrade() -> None:
    prefixes = op.create_table('dialled_prefix',
    sa.Column('prefix', sa.Text(), nullable=False),
    sa.Column('is_allowed', sa.Boolean(), nullable=False),
    sa.Column('most_an_hour', sa.BigInteger(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('prefix', name=op.f('pk_dialled_prefix'))
    )
    budgets = op.create_table('sending_budget',
    sa.Column('kind', sa.Enum(*KINDS, name='sending_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('scope', sa.Enum('number', 'range', 'all', name='budget_scope', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('seconds', sa.BigInteger(), nullable=False),
    sa.Column('most', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'scope', 'seconds', name=op.f('pk_sending_budget'))
    )
    op.create_table('sending_count',
    sa.Column('begins_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seconds', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Enum(*KINDS, name='sending_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('counted', sa.Text(), nullable=False),
    sa.Column('counted_by', sa.Text(), nullable=False),
    sa.Column('count', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('begins_at', 'seconds', 'kind', 'counted', 'counted_by', name=op.f('pk_sending_count'))
    )
    # The country's own numbers; what is dialled there at a fee is refused whatever stands here.
    op.bulk_insert(prefixes, [{'prefix': '+84', 'is_allowed': True, 'most_an_hour': None, 'note': ''}])
    op.bulk_insert(budgets, [
        {'kind': kind, 'scope': scope, 'seconds': seconds, 'most': most}
        for kind, of_number, of_day, of_range, of_all in (('sms', 20, 60, 60, 10_000), ('callback', 6, 10, 30, 600), ('call', 6, 10, 30, 600))
        for scope, seconds, most in (('number', 3600, of_number), ('number', 86400, of_day), ('range', 3600, of_range), ('all', 3600, of_all))
    ])


def downgrade() -> None:
    op.drop_table('sending_count')
    op.drop_table('sending_budget')
    op.drop_table('dialled_prefix')
