"""What fired lately at a unit is found there, not among all that fired in the city."""

import sqlalchemy as sa
from alembic import op

revision = '0173'
down_revision = '0172'
branch_labels = None
depends_on = None

_BY_TIME = 'ix_planned_step_unit_fired'


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f'drop index concurrently if exists {_BY_TIME}')
        op.create_index(
            _BY_TIME, 'planned_step', ['unit_id', 'fired_at', 'id'], postgresql_concurrently=True,
            postgresql_where=sa.text("kind = 'level' and fired_at is not null"),
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(_BY_TIME, table_name='planned_step', postgresql_concurrently=True)
