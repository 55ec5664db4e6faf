"""Indexes by which pages read what they show: counts per unit, untaken emergencies, a day's promises and calls.

One that was broken off leaves an invalid index behind: it is dropped first, so that running this again mends it.
"""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

_UNFINISHED = "status in ('new', 'open', 'pending_citizen', 'pending_third_party')"
_OPEN = f"{_UNFINISHED} and not is_restricted and not is_canary"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # Whose a promise is that broke before its clock said so: figures ask the clock alone.
        op.execute(
            "update clock c set due_unit_id = b.unit_id from promise_breach b"
            " where b.clock_id = c.id and c.due_unit_id is distinct from b.unit_id"
        )
        op.execute("drop index concurrently if exists ix_ticket_open_by_unit")
        op.create_index('ix_ticket_open_by_unit', 'ticket', ['unit_id'], postgresql_concurrently=True, postgresql_where=sa.text(f"{_OPEN}"))
        op.execute("drop index concurrently if exists ix_ticket_untaken_by_unit")
        op.create_index('ix_ticket_untaken_by_unit', 'ticket', ['unit_id'], postgresql_concurrently=True, postgresql_where=sa.text(f"assignee_id is null and {_OPEN}"))
        op.execute("drop index concurrently if exists ix_ticket_open_due")
        op.create_index('ix_ticket_open_due', 'ticket', ['next_due_at', 'unit_id'], postgresql_concurrently=True, postgresql_where=sa.text(f"{_OPEN}"))
        op.execute("drop index concurrently if exists ix_ticket_open_since")
        op.create_index('ix_ticket_open_since', 'ticket', ['unit_id', 'opened_at'], postgresql_concurrently=True, postgresql_where=sa.text(f"{_OPEN}"))
        op.execute("drop index concurrently if exists ix_ticket_unit_emergency")
        op.create_index('ix_ticket_unit_emergency', 'ticket', ['unit_id', 'next_due_at', 'id'], postgresql_concurrently=True, postgresql_where=sa.text(f"priority = 'emergency' and assignee_id is null and {_UNFINISHED}"))
        op.execute("drop index concurrently if exists ix_ticket_coordinating_emergency")
        op.create_index('ix_ticket_coordinating_emergency', 'ticket', ['coordinating_unit_id', 'next_due_at', 'id'], postgresql_concurrently=True, postgresql_where=sa.text(f"priority = 'emergency' and assignee_id is null and {_UNFINISHED}"))
        op.execute("drop index concurrently if exists ix_ticket_coordinating_untaken")
        op.create_index('ix_ticket_coordinating_untaken', 'ticket', ['coordinating_unit_id', 'next_due_at', 'id'], postgresql_concurrently=True, postgresql_where=sa.text(f"coordinating_unit_id is not null and assignee_id is null and {_UNFINISHED}"))
        op.execute("drop index concurrently if exists ix_ticket_untaken_due")
        op.create_index('ix_ticket_untaken_due', 'ticket', ['next_due_at', 'id'], postgresql_concurrently=True, postgresql_where=sa.text(f"assignee_id is null and {_UNFINISHED}"))
        op.execute("drop index concurrently if exists ix_clock_ended")
        op.create_index('ix_clock_ended', 'clock', ['stopped_at'], postgresql_concurrently=True, postgresql_where=sa.text("stopped_at is not null"), postgresql_include=['kind', 'status', 'due_at', 'first_breach_at', 'due_unit_id', 'stopped_unit_id', 'ticket_id'])
        op.execute("drop index concurrently if exists ix_call_counted")
        op.create_index('ix_call_counted', 'call', ['queued_at'], postgresql_concurrently=True, postgresql_where=sa.text("queued_at is not null and direction = 'inbound'"), postgresql_include=['answered_at', 'abandoned_at', 'flowout_at', 'ended_at', 'wrapped_up_at', 'hold_seconds', 'unit_id'])


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_call_counted', table_name='call', postgresql_concurrently=True)
        op.drop_index('ix_clock_ended', table_name='clock', postgresql_concurrently=True)
        op.drop_index('ix_ticket_untaken_due', table_name='ticket', postgresql_concurrently=True)
        op.drop_index('ix_ticket_coordinating_untaken', table_name='ticket', postgresql_concurrently=True)
        op.drop_index('ix_ticket_coordinating_emergency', table_name='ticket', postgresql_concurrently=True)
        op.drop_index('ix_ticket_unit_emergency', table_name='ticket', postgresql_concurrently=True)
        op.drop_index('ix_ticket_open_since', table_name='ticket', postgresql_concurrently=True)
        op.drop_index('ix_ticket_open_due', table_name='ticket', postgresql_concurrently=True)
        op.drop_index('ix_ticket_untaken_by_unit', table_name='ticket', postgresql_concurrently=True)
        op.drop_index('ix_ticket_open_by_unit', table_name='ticket', postgresql_concurrently=True)
