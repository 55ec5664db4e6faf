"""Which version of its calendar a step of a chain counts in; chains so far count in the newest until they are saved anew."""

import sqlalchemy as sa
from alembic import op

revision = '0028'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('chain_step', sa.Column('calendar_version_id', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column('chain_step', 'calendar_version_id')
