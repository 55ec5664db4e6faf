"""By which decision somebody holds a post."""

import sqlalchemy as sa
from alembic import op

revision = '0085'
down_revision = '0080'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('post_holding', sa.Column('decision_no', sa.Text(), server_default='', nullable=False))


def downgrade() -> None:
    op.drop_column('post_holding', 'decision_no')
