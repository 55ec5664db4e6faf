"""When a line was answered last, and what a desk took on for bodies that were not live, from indexes of their own."""

import sqlalchemy as sa
from alembic import op

revision = '0167'
down_revision = '0166'
branch_labels = None
depends_on = None

_ANSWERED, _LEFT = 'ix_call_line_answered', 'ix_ticket_left_at_desk'
_NOT_LIVE = "status in ('new', 'open', 'pending_citizen', 'pending_third_party') and routing_reasons @> '[{\"code\": \"unit_not_live\"}]'::jsonb"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name in (_ANSWERED, _LEFT):
            op.execute(f'drop index concurrently if exists {name}')
        op.create_index(_ANSWERED, 'call', ['line_id', 'answered_at'], postgresql_concurrently=True, postgresql_where=sa.text('line_id is not null and answered_at is not null'))
        op.create_index(_LEFT, 'ticket', ['opened_at', 'id'], postgresql_concurrently=True, postgresql_where=sa.text(_NOT_LIVE))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(_LEFT, table_name='ticket', postgresql_concurrently=True)
        op.drop_index(_ANSWERED, table_name='call', postgresql_concurrently=True)
