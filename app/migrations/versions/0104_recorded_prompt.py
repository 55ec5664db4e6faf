"""What callers hear, recorded by the city's own speaker."""

import sqlalchemy as sa
from alembic import op

revision = '0104'
down_revision = '0098'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('recorded_prompt',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('locale', sa.Text(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('sound', sa.LargeBinary(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('seconds', sa.Double(), nullable=False),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_by_id', sa.BigInteger(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['staff.id'], name=op.f('fk_recorded_prompt_recorded_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recorded_prompt'))
    )
    op.create_index('uq_recorded_prompt_in_force', 'recorded_prompt', ['locale', 'code'], unique=True, postgresql_where=sa.text('ended_at is null'))


def downgrade() -> None:
    op.drop_table('recorded_prompt')
