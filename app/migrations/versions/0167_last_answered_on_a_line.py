"""Indexes of their own for what was read from all there is: when a line was answered last, what a desk took on for
bodies that were not live, what is open of one kind at a unit, and the newest tickets of a unit."""

import sqlalchemy as sa
from alembic import op

revision = '0167'
down_revision = '0166'
branch_labels = None
depends_on = None

_UNFINISHED = "status in ('new', 'open', 'pending_citizen', 'pending_third_party')"
_INDEXES = {
    'ix_call_line_answered': ('call', ['line_id', 'answered_at'], 'line_id is not null and answered_at is not null'),
    'ix_ticket_left_at_desk': ('ticket', ['opened_at', 'id'], _UNFINISHED + """ and routing_reasons @> '[{"code": "unit_not_live"}]'::jsonb"""),
    'ix_ticket_open_alike': ('ticket', ['unit_id', 'category_id', 'opened_at'], f'{_UNFINISHED} and not is_restricted and not is_canary'),
    'ix_ticket_unit_newest': ('ticket', ['unit_id', 'id'], 'true'),
    'ix_ticket_coordinating_newest': ('ticket', ['coordinating_unit_id', 'id'], 'coordinating_unit_id is not null'),
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, (table, columns, condition) in _INDEXES.items():
            op.execute(f'drop index concurrently if exists {name}')
            where = {} if condition == 'true' else {'postgresql_where': sa.text(condition)}
            op.create_index(name, table, columns, postgresql_concurrently=True, **where)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, (table, _columns, _condition) in _INDEXES.items():
            op.drop_index(name, table_name=table, postgresql_concurrently=True)
