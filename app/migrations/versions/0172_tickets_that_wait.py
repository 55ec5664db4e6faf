"""How many tickets wait, kept as changes that add up: by triggers, and those so far.

Whoever writes a ticket while the triggers are made is waited for; after that those so far are counted in one statement,
which sees of every ticket either what was before or what its trigger has added since.
"""

import sqlalchemy as sa
from alembic import op

revision = '0172'
down_revision = '0171'
branch_labels = None
depends_on = None

OF_NEW = '''
begin
    insert into waiting_change (unit_id, status, is_taken, is_restricted, due_hour, change) values (new.unit_id, new.status, new.assignee_id is not null, new.is_restricted, date_trunc('hour', new.next_due_at, 'UTC'), 1);
    return null;
end
'''
OF_TICKET = '''
begin
    if old.status in ('new', 'open', 'pending_citizen', 'pending_third_party') and not old.is_canary then
        insert into waiting_change (unit_id, status, is_taken, is_restricted, due_hour, change) values (old.unit_id, old.status, old.assignee_id is not null, old.is_restricted, date_trunc('hour', old.next_due_at, 'UTC'), -1);
    end if;
    if new.status in ('new', 'open', 'pending_citizen', 'pending_third_party') and not new.is_canary then
        insert into waiting_change (unit_id, status, is_taken, is_restricted, due_hour, change) values (new.unit_id, new.status, new.assignee_id is not null, new.is_restricted, date_trunc('hour', new.next_due_at, 'UTC'), 1);
    end if;
    return null;
end
'''
_TRIGGERS = {
    'waiting_of_new_ticket': (
        OF_NEW,
        "after insert on ticket for each row when (new.status in ('new', 'open', 'pending_citizen', 'pending_third_party') and not new.is_canary)",
    ),
    'waiting_of_ticket': (
        OF_TICKET,
        "after update on ticket for each row when (((old.status in ('new', 'open', 'pending_citizen', 'pending_third_party') and not old.is_canary) or (new.status in ('new', 'open', 'pending_citizen', 'pending_third_party') and not new.is_canary)) and (old.unit_id, old.status, old.assignee_id is not null, old.is_restricted, date_trunc('hour', old.next_due_at, 'UTC'), old.is_canary) is distinct from (new.unit_id, new.status, new.assignee_id is not null, new.is_restricted, date_trunc('hour', new.next_due_at, 'UTC'), new.is_canary))",
    ),
}
SO_FAR = '''
    insert into waiting_change (unit_id, status, is_taken, is_restricted, due_hour, change)
    select unit_id, status, is_taken, is_restricted, since, sum(change)
    from (
        select unit_id, status, assignee_id is not null as is_taken, is_restricted,
            case when next_due_at < date_trunc('hour', now(), 'UTC') then cast('epoch' as timestamptz)
                 else date_trunc('hour', next_due_at, 'UTC') end as since, 1 as change
        from ticket
        where status in ('new', 'open', 'pending_citizen', 'pending_third_party') and not is_canary
        union all
        select unit_id, status, is_taken, is_restricted,
            case when due_hour < date_trunc('hour', now(), 'UTC') then cast('epoch' as timestamptz) else due_hour end, -change
        from waiting_change
    ) one
    group by unit_id, status, is_taken, is_restricted, since having sum(change) <> 0
'''


def upgrade() -> None:
    op.create_table(
        'waiting_change',
        sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column('unit_id', sa.BigInteger(), nullable=False),
        sa.Column('status', sa.Enum('new', 'open', 'pending_citizen', 'pending_third_party', 'resolved', 'closed', 'withdrawn', 'spam', name='ticket_status', native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column('is_taken', sa.Boolean(), nullable=False),
        sa.Column('is_restricted', sa.Boolean(), nullable=False),
        sa.Column('due_hour', sa.DateTime(timezone=True), nullable=True),
        sa.Column('change', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_waiting_change')),
        if_not_exists=True,
    )
    for name, (body, when) in _TRIGGERS.items():
        op.execute(f'create or replace function {name}() returns trigger language plpgsql as $body${body}$body$')
        op.execute(f'create or replace trigger {name} {when} execute function {name}()')
    with op.get_context().autocommit_block():
        op.execute(SO_FAR)


def downgrade() -> None:
    for name in _TRIGGERS:
        op.execute(f'drop trigger {name} on ticket')
        op.execute(f'drop function {name}()')
    op.drop_table('waiting_change')
