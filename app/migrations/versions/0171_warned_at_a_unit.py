"""What is about to be late at a unit is found by the warnings that fired there, and by the tickets that came there since:
whoever moves a ticket of which its lead was warned is kept as well.
"""

import sqlalchemy as sa
from alembic import op

revision = '0171'
down_revision = '0179'
branch_labels = None
depends_on = None

BATCH = 5_000
_WARNED = "kind = 'warning' and fired_at is not null and rank >= 75"
_AT_A_UNIT = 'ix_planned_step_unit_warned'
OF_MOVE = '''
begin
    if new.escalation_level > 0 or exists (
        select from planned_step where ticket_id = new.id and kind = 'warning' and fired_at is not null and rank >= 75
    ) then
        insert into moved_since_level (ticket_id, unit_id) values (new.id, new.unit_id)
        on conflict (ticket_id) do update set unit_id = excluded.unit_id;
    end if;
    return null;
end
'''
OF_MOVE_BEFORE = '''
begin
    insert into moved_since_level (ticket_id, unit_id) values (new.id, new.unit_id)
    on conflict (ticket_id) do update set unit_id = excluded.unit_id;
    return null;
end
'''
# Whoever moves such a ticket meanwhile is waited for, and waits for us no longer than one batch takes. What was warned
# of is due within weeks; older warnings are asked for by nobody.
SO_FAR = f'''
    with held as (
        select id, unit_id from ticket
        where id in (select ticket_id from planned_step
                     where {_WARNED} and due_at >= now() and ticket_id >= :first and ticket_id < cast(:first as bigint) + :batch)
        order by id for share
    )
    insert into moved_since_level (ticket_id, unit_id)
    select id, unit_id from held
    where exists (select from planned_step s where s.ticket_id = held.id and s.kind = 'warning'
                  and s.fired_at is not null and s.rank >= 75 and s.unit_id is distinct from held.unit_id)
    on conflict (ticket_id) do update set unit_id = excluded.unit_id
'''  # noqa: S608  (our own words)


def upgrade() -> None:
    _keep_moves(OF_MOVE, 'old.unit_id <> new.unit_id')
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        ahead = sa.text(f'select min(ticket_id), max(ticket_id) from planned_step where {_WARNED} and due_at >= now()')  # noqa: S608
        lowest, highest = connection.execute(ahead).one()
        if lowest is not None:
            for first in range(lowest, highest + 1, BATCH):
                connection.execute(sa.text(SO_FAR), {'first': first, 'batch': BATCH})
        op.execute(f'drop index concurrently if exists {_AT_A_UNIT}')
        op.create_index(
            _AT_A_UNIT, 'planned_step', ['unit_id', 'due_at'], postgresql_concurrently=True,
            postgresql_where=sa.text(_WARNED), postgresql_include=['clock_id', 'ticket_id'],
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(_AT_A_UNIT, table_name='planned_step', postgresql_concurrently=True)
    _keep_moves(OF_MOVE_BEFORE, 'old.unit_id <> new.unit_id and new.escalation_level > 0')


def _keep_moves(body: str, when: str) -> None:
    op.execute(f'create or replace function moved_since_level() returns trigger language plpgsql as $body${body}$body$')
    op.execute(
        'create or replace trigger moved_since_level after update on ticket for each row'
        f' when ({when}) execute function moved_since_level()'
    )
