"""What pages begin with where many tickets are restricted and many levels were told: indexes of exactly that."""

import sqlalchemy as sa
from alembic import op

revision = '0061'
down_revision = '0060'
branch_labels = None
depends_on = None

OPEN_TO_ALL_THERE = "status in ('new', 'open', 'pending_citizen', 'pending_third_party') and not is_restricted and not is_canary"
INDEXES = (
    ('ix_ticket_untaken_open_due', 'ticket', ['next_due_at', 'id'], f'assignee_id is null and {OPEN_TO_ALL_THERE}'),
    ('ix_step_recipient_post_id_told_at', 'step_recipient', ['post_id', 'told_at', 'step_id'], 'post_id is not null'),
    ('ix_step_recipient_responsible', 'step_recipient', ['told_at', 'step_id'], "capacity = 'responsible'"),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, columns, where in INDEXES:
            op.execute(f"drop index concurrently if exists {name}")
            op.create_index(name, table, columns, postgresql_concurrently=True, postgresql_where=sa.text(where))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, table, _columns, _where in INDEXES:
            op.drop_index(name, table_name=table, postgresql_concurrently=True)
