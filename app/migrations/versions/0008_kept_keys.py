"""The secret key's fingerprint, and what older keys have made, sealed with the one in force."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('kept_keys',
    sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('fingerprint', sa.Text(), nullable=False),
    sa.Column('sealed', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_kept_keys_one')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kept_keys'))
    )


def downgrade() -> None:
    op.drop_table('kept_keys')
