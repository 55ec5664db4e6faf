"""A level that was passed up: to which."""

import sqlalchemy as sa
from alembic import op

revision = '0046'
down_revision = '0045'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('acknowledgement', sa.Column('passed_to_level', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column('acknowledgement', 'passed_to_level')
