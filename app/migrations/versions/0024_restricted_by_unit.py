"""An index by which the restricted tickets of a unit are counted, made while the city works.

One that was broken off leaves an invalid index behind: it is dropped first, so that running this again mends it.
"""

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

_RESTRICTED = sa.text("is_restricted and status in ('new', 'open', 'pending_citizen', 'pending_third_party')")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_ticket_unit_restricted")
        op.create_index('ix_ticket_unit_restricted', 'ticket', ['unit_id', 'id'], postgresql_concurrently=True, postgresql_where=_RESTRICTED, postgresql_include=['next_due_at', 'assignee_id', 'opened_at', 'is_canary', 'coordinating_unit_id'])


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_ticket_unit_restricted', table_name='ticket', postgresql_concurrently=True)
