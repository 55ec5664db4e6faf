"""The first breaches that clocks, their fired levels and their history tell of, batch by batch; then the indexes.

Whatever the release before this one breaks meanwhile is found by the first tick of this one. Running it again mends
what was broken off.
"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

BATCH = 2_000

# Who held it is known as far as the clock or the level says so; which person is not.
FACTS = """
    insert into promise_breach (clock_id, ticket_id, kind, cycle, due_at, breached_at, noted_at, unit_id, staff_id, cause)
    select c.id, c.ticket_id, c.kind, c.cycle, b.at, b.at, now(),
           coalesce(case when s.due_at = b.at then s.unit_id end, c.due_unit_id, c.stopped_unit_id, t.unit_id), null,
           case when c.due_at = b.at then c.breach_cause else '' end
    from clock c
    join ticket t on t.id = c.ticket_id
    left join lateral (
        select p.due_at, p.unit_id from planned_step p
        where p.clock_id = c.id and p.kind = 'level' and p.fired_at > p.due_at and p.result <> 'void'
        order by p.due_at limit 1) s on true
    cross join lateral (
        select least(
            s.due_at,
            c.breached_at,
            case when c.status = 'missed' or (c.status in ('running', 'paused') and c.due_at < now()) then c.due_at end,
            (select min((h ->> 'due_at')::timestamptz) from jsonb_array_elements(c.history) h
             where h ->> 'cause' <> 'reopened' and (h ->> 'at')::timestamptz > (h ->> 'due_at')::timestamptz)
        ) as at) b
    where c.id >= :first and c.id < cast(:first as bigint) + :batch and b.at is not null
    on conflict do nothing
"""
MARKS = """
    update clock c set first_breach_at = b.breached_at from promise_breach b
    where b.clock_id = c.id and c.first_breach_at is null and c.id >= :first and c.id < cast(:first as bigint) + :batch
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        lowest, highest = connection.execute(sa.text("select min(id), max(id) from clock")).one()
        if lowest is not None:
            for first in range(lowest, highest + 1, BATCH):
                for statement in (FACTS, MARKS):
                    connection.execute(sa.text(statement), {"first": first, "batch": BATCH})
        op.execute("drop index concurrently if exists ix_clock_broken_open")
        op.create_index('ix_clock_broken_open', 'clock', ['first_breach_at'], postgresql_concurrently=True, postgresql_where=sa.text("first_breach_at is not null and status in ('running', 'paused')"))
        op.execute("drop index concurrently if exists ix_clock_first_breach_at")
        op.create_index('ix_clock_first_breach_at', 'clock', ['first_breach_at'], postgresql_concurrently=True, postgresql_where=sa.text('first_breach_at is not null'))
        op.execute("drop index concurrently if exists ix_clock_not_noted")
        op.create_index('ix_clock_not_noted', 'clock', ['due_at'], postgresql_concurrently=True, postgresql_where=sa.text("first_breach_at is null and status in ('running', 'missed')"))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_clock_not_noted', table_name='clock', postgresql_concurrently=True)
        op.drop_index('ix_clock_first_breach_at', table_name='clock', postgresql_concurrently=True)
        op.drop_index('ix_clock_broken_open', table_name='clock', postgresql_concurrently=True)
