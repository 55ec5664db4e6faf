"""Until when an instruction holds the next level, so that a plan made anew keeps it."""

import sqlalchemy as sa
from alembic import op

revision = '0067'
down_revision = '0065'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('instruction', sa.Column('holds_until', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('instruction', 'holds_until')
