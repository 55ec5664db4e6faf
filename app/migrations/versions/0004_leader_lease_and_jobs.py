"""The leader's lease, and the jobs it does."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('leader_job',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('every_seconds', sa.BigInteger(), nullable=False),
    sa.Column('announced_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('succeeded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failure', sa.Text(), server_default='', nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_leader_job'))
    )
    op.create_table('leader_lease',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('holder', sa.Text(), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('renewed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_leader_lease')),
    sa.UniqueConstraint('epoch', name=op.f('uq_leader_lease_epoch'))
    )


def downgrade() -> None:
    op.drop_table('leader_lease')
    op.drop_table('leader_job')
