"""What waits at a unit and in a queue, and what may be danger there, read from indexes alone however much waits.

Those that replace others have names of their own: pages are never without. One that was broken off leaves an invalid
index behind: it is dropped first, so that running this again mends it.
"""

import sqlalchemy as sa
from alembic import op

revision = '0147'
down_revision = '0146'
branch_labels = None
depends_on = None

_UNFINISHED = "status in ('new', 'open', 'pending_citizen', 'pending_third_party')"
_UNTAKEN = f"assignee_id is null and {_UNFINISHED}"
_DOUBTED = f"is_doubted and {_UNTAKEN}"
_SCOPE = ['is_restricted', 'is_canary', 'coordinating_unit_id', 'master_id']
# By name: the first column, the condition, and what else it holds.
_NEW = {
    'ix_ticket_unit_waiting': ('unit_id', _UNFINISHED, ['assignee_id', 'opened_at', *_SCOPE]),
    'ix_ticket_queue_waiting': ('queue_id', _UNFINISHED, ['unit_id', *_SCOPE]),
    'ix_ticket_unit_waiting_untaken': ('unit_id', _UNTAKEN, _SCOPE),
    'ix_ticket_unit_doubted': ('unit_id', _DOUBTED, []),
    'ix_ticket_coordinating_doubted': ('coordinating_unit_id', _DOUBTED, []),
}
_OLD = {
    'ix_ticket_unit_unfinished': ('unit_id', _UNFINISHED, ['assignee_id', 'opened_at', *_SCOPE[:3]]),
    'ix_ticket_queue_unfinished': ('queue_id', _UNFINISHED, []),
    'ix_ticket_unit_untaken': ('unit_id', _UNTAKEN, []),
}


def _exchange(old, new):
    with op.get_context().autocommit_block():
        for name, (first, where, include) in new.items():
            op.execute(f'drop index concurrently if exists {name}')
            op.create_index(name, 'ticket', [first, 'next_due_at', 'id'], postgresql_concurrently=True, postgresql_where=sa.text(where), postgresql_include=include)
        for name in old:
            op.execute(f'drop index concurrently if exists {name}')


def upgrade() -> None:
    _exchange(_OLD, _NEW)


def downgrade() -> None:
    _exchange(_NEW, _OLD)
