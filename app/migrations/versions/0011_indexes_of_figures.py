"""Indexes for figures and overviews, made while the city works.

One that was broken off leaves an invalid index behind: it is dropped first, so that running this again mends it.
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_call_queued_at")
        op.create_index('ix_call_queued_at', 'call', ['queued_at'], postgresql_concurrently=True, postgresql_where=sa.text('queued_at is not null'))
        # Whoever broke it first is whose it is; so far that stood in the fact alone.
        op.execute(
            "update clock c set due_unit_id = b.unit_id from promise_breach b"
            " where b.clock_id = c.id and c.status in ('running', 'paused') and c.due_unit_id is distinct from b.unit_id"
        )
        op.execute("drop index concurrently if exists ix_clock_broken_by_unit")
        op.create_index('ix_clock_broken_by_unit', 'clock', ['due_unit_id', 'kind'], postgresql_concurrently=True, postgresql_where=sa.text("first_breach_at is not null and status in ('running', 'paused')"))
        op.execute("drop index concurrently if exists ix_clock_broken_since")
        op.create_index('ix_clock_broken_since', 'clock', ['first_breach_at'], postgresql_concurrently=True, postgresql_where=sa.text("first_breach_at is not null and status in ('running', 'paused')"), postgresql_include=['due_unit_id', 'kind'])
        op.execute("drop index concurrently if exists ix_clock_cancelled_broken")
        op.create_index('ix_clock_cancelled_broken', 'clock', ['first_breach_at'], postgresql_concurrently=True, postgresql_where=sa.text("status = 'cancelled' and first_breach_at is not null"))
        op.execute("drop index concurrently if exists ix_outbound_message_daily_list")
        op.create_index('ix_outbound_message_daily_list', 'outbound_message', ['staff_id', 'created_at'], postgresql_concurrently=True, postgresql_where=sa.text("template = 'daily_list'"))
        op.execute("drop index concurrently if exists ix_outbound_message_sent_at")
        op.create_index('ix_outbound_message_sent_at', 'outbound_message', ['sent_at'], postgresql_concurrently=True, postgresql_where=sa.text('sent_at is not null'))
        op.execute("drop index concurrently if exists ix_webhook_event_replayed_at")
        op.create_index('ix_webhook_event_replayed_at', 'webhook_event', ['replayed_at'], postgresql_concurrently=True, postgresql_where=sa.text('replayed_at is not null'))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_webhook_event_replayed_at', table_name='webhook_event', postgresql_concurrently=True)
        op.drop_index('ix_outbound_message_sent_at', table_name='outbound_message', postgresql_concurrently=True)
        op.drop_index('ix_outbound_message_daily_list', table_name='outbound_message', postgresql_concurrently=True)
        op.drop_index('ix_clock_cancelled_broken', table_name='clock', postgresql_concurrently=True)
        op.drop_index('ix_clock_broken_since', table_name='clock', postgresql_concurrently=True)
        op.drop_index('ix_clock_broken_by_unit', table_name='clock', postgresql_concurrently=True)
        op.drop_index('ix_call_queued_at', table_name='call', postgresql_concurrently=True)
