"""Tickets of which what corrections taught was told are found by an index of their own."""

import sqlalchemy as sa
from alembic import op

revision = '0170'
down_revision = '0169'
branch_labels = None
depends_on = None

_NAME = 'ix_ticket_learned'


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f'drop index concurrently if exists {_NAME}')
        op.create_index(_NAME, 'ticket', ['opened_at'], postgresql_concurrently=True, postgresql_where=sa.text("""routing_reasons @> '[{"code": "category_learned"}]'::jsonb"""))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(_NAME, table_name='ticket', postgresql_concurrently=True)
