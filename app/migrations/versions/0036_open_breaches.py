"""How many promises are broken and open, kept as changes that add up: by triggers, and those so far.

The triggers stand before the changes so far are counted: both tables let nobody write until this is committed.
"""

import sqlalchemy as sa
from alembic import op

revision = '0036'
down_revision = '0029'
branch_labels = None
depends_on = None

OF_CLOCK = '''
declare
    was boolean := false;
    stands boolean := new.first_breach_at is not null and new.status in ('running', 'paused')
        and new.due_unit_id is not null;
begin
    if tg_op = 'UPDATE' then
        was := old.first_breach_at is not null and old.status in ('running', 'paused') and old.due_unit_id is not null;
        if was and stands and old.due_unit_id = new.due_unit_id and old.kind = new.kind then
            return null;
        end if;
    end if;
    if not (was or stands)
        or exists (select from ticket where id = new.ticket_id and (is_canary or is_restricted)) then
        return null;
    end if;
    if was then
        insert into open_breach_change (unit_id, kind, broken_at, change)
        values (old.due_unit_id, old.kind, old.first_breach_at, -1);
    end if;
    if stands then
        insert into open_breach_change (unit_id, kind, broken_at, change)
        values (new.due_unit_id, new.kind, new.first_breach_at, 1);
    end if;
    return null;
end
'''
OF_TICKET = '''
begin
    insert into open_breach_change (unit_id, kind, broken_at, change)
    select due_unit_id, kind, first_breach_at, case when new.is_canary or new.is_restricted then -1 else 1 end
    from clock
    where ticket_id = new.id and first_breach_at is not null and status in ('running', 'paused')
        and due_unit_id is not null;
    return null;
end
'''
# What was broken long ago is one number; of the last days, when.
SO_FAR = '''
    insert into open_breach_change (unit_id, kind, broken_at, change)
    select c.due_unit_id, c.kind,
        case when c.first_breach_at < now() - interval '3 days' then cast('epoch' as timestamptz) else c.first_breach_at end as at,
        count(*)
    from clock c join ticket t on t.id = c.ticket_id
    where c.first_breach_at is not null and c.status in ('running', 'paused') and c.due_unit_id is not null
        and not t.is_canary and not t.is_restricted
    group by c.due_unit_id, c.kind, at
'''


def upgrade() -> None:
    op.create_table('open_breach_change',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Enum('accept', 'first', 'next', 'update', 'resolve', 'dispute', 'appeal', name='clock_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('broken_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('change', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_open_breach_change'))
    )
    op.execute(f'create or replace function open_breach_of_ticket() returns trigger language plpgsql as $body${OF_TICKET}$body$')
    op.execute('create or replace trigger open_breach_of_ticket after update on ticket for each row when ((old.is_canary or old.is_restricted) <> (new.is_canary or new.is_restricted)) execute function open_breach_of_ticket()')
    op.execute(f'create or replace function open_breach_of_clock() returns trigger language plpgsql as $body${OF_CLOCK}$body$')
    op.execute('create or replace trigger open_breach_of_clock after insert or update on clock for each row when (new.first_breach_at is not null) execute function open_breach_of_clock()')
    op.execute(SO_FAR)


def downgrade() -> None:
    op.execute('drop trigger open_breach_of_clock on clock')
    op.execute('drop function open_breach_of_clock()')
    op.execute('drop trigger open_breach_of_ticket on ticket')
    op.execute('drop function open_breach_of_ticket()')
    op.drop_table('open_breach_change')
