"""By when a message about a level should have reached somebody."""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('alter table planned_step add column if not exists reach_by timestamp with time zone')
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_planned_step_reach_by")
        op.create_index('ix_planned_step_reach_by', 'planned_step', ['reach_by'], postgresql_concurrently=True, postgresql_where=sa.text('reach_by is not null'))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_planned_step_reach_by', table_name='planned_step', postgresql_concurrently=True)
    op.drop_column('planned_step', 'reach_by')
