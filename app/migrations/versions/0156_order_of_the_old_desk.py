"""The desk is read in the order of harm alone: the index of the order before cost every level that fires a further entry."""

import sqlalchemy as sa
from alembic import op

revision = '0156'
down_revision = '0154'
branch_labels = None
depends_on = None

_NAME = 'ix_standing_report_order'


def upgrade():
    with op.get_context().autocommit_block():
        op.execute(f'drop index concurrently if exists {_NAME}')


def downgrade():
    with op.get_context().autocommit_block():
        op.execute(f'drop index concurrently if exists {_NAME}')
        op.create_index(_NAME, 'standing_report', ['staff_id', 'is_answered', sa.literal_column('level desc'), 'due_at', 'step_id'], postgresql_concurrently=True, postgresql_include=['ticket_id'])
