"""An audit entry for every first breach that an upgrade wrote down, so that a later edit of it is found."""

from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

ENTRIES = """
    insert into audit_entry (at, actor_kind, action, subject_kind, subject_id, ticket_id, request_id, params)
    select b.noted_at, 'system', 'promise.broken', 'clock', b.clock_id, b.ticket_id, '', jsonb_build_object(
        'clock', b.kind, 'cycle', b.cycle, 'due_at', b.due_at, 'breached_at', b.breached_at, 'unit_id', b.unit_id,
        'staff_id', b.staff_id, 'cause', b.cause)
    from promise_breach b
    where not exists (
        select from audit_entry e where e.action = 'promise.broken' and e.subject_id = b.clock_id)
"""


def upgrade() -> None:
    op.execute(ENTRIES)


def downgrade() -> None:
    pass
