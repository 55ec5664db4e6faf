"""Marks of the sealer, and works of once a day that are done."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit_seal_mark',
    sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('entry_id', sa.BigInteger(), nullable=False),
    sa.Column('settling_id', sa.BigInteger(), nullable=False),
    sa.Column('settling_xid', sa.BigInteger(), nullable=False),
    sa.Column('whole_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_seal_mark'))
    )
    op.create_table('done_day',
    sa.Column('work', sa.Text(), nullable=False),
    sa.Column('on_day', sa.Date(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('work', 'on_day', name=op.f('pk_done_day'))
    )


def downgrade() -> None:
    op.drop_table('done_day')
    op.drop_table('audit_seal_mark')
