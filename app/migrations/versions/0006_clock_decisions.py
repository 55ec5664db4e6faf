"""What administrators decided about clocks that did not agree."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('clock_decision',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('database_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_clock_decision_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clock_decision'))
    )


def downgrade() -> None:
    op.drop_table('clock_decision')
