"""Messages that wait, that were given up or are held are counted up to a limit, each from the beginning of an index."""

import sqlalchemy as sa
from alembic import op

revision = '0151'
down_revision = '0149'
branch_labels = None
depends_on = None

_INDEXES = {
    'ix_outbound_message_unsettled': (['state', 'channel'], "state in ('waiting', 'claimed', 'failed', 'uncertain')"),
    'ix_outbound_message_held': (
        ['error_code'],
        "state = 'waiting' and error_code in ('over_budget_number', 'over_budget_range', 'over_budget_prefix', 'over_budget_all')",
    ),
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, (columns, where) in _INDEXES.items():
            op.execute(f'drop index concurrently if exists {name}')
            op.create_index(name, 'outbound_message', columns, postgresql_concurrently=True, postgresql_where=sa.text(where))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in _INDEXES:
            op.drop_index(name, table_name='outbound_message', postgresql_concurrently=True)
