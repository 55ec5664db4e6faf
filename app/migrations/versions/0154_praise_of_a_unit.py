"""What of the open tickets of a unit is praise, found without walking past the rest."""

import sqlalchemy as sa
from alembic import op

revision = '0154'
down_revision = '0147'
branch_labels = None
depends_on = None

_OPEN_PRAISE = "is_praise and status in ('new', 'open', 'pending_citizen', 'pending_third_party')"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_ticket_praise")
        op.create_index('ix_ticket_praise', 'ticket', ['unit_id', 'next_due_at', 'id'], postgresql_concurrently=True,
                        postgresql_where=sa.text(_OPEN_PRAISE))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_ticket_praise', table_name='ticket', postgresql_concurrently=True)
