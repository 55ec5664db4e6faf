"""What is held or refused for its cost, found without looking at all that was ever sent."""

import sqlalchemy as sa
from alembic import op

revision = '0092'
down_revision = '0091'
branch_labels = None
depends_on = None

NAME = 'ix_outbound_message_kept_back'
OF_MONEY = "error_code in ('over_budget_number', 'over_budget_range', 'over_budget_prefix', 'over_budget_all', 'number_premium', 'number_refused')"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"drop index concurrently if exists {NAME}")
        op.create_index(NAME, 'outbound_message', ['id'], postgresql_concurrently=True, postgresql_where=sa.text(OF_MONEY))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, table_name='outbound_message', postgresql_concurrently=True)
