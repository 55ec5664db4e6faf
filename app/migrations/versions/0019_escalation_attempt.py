"""Attempts to tell people of levels as facts of their own, written by the database with their audit entries.

And how long a person is given to be reached, as rows.
"""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

ATTEMPT_OF_MESSAGE = '''
declare
    stands text := case when new.error_code = 'withdrawn' then 'withdrawn'
        when new.state in ('waiting', 'claimed') then 'planned'
        when new.state in ('sent', 'uncertain') then 'sent' else new.state end;
    stood text := '';
    reason text := case when stands = 'withdrawn' then new.error
        when stands in ('planned', 'failed', 'suppressed') or new.state = 'uncertain' then new.error_code else '' end;
    since timestamptz := new.created_at;
begin
    if tg_op = 'UPDATE' then
        stood := case when old.gathered_into_id is not null then 'planned'
            when old.error_code = 'withdrawn' then 'withdrawn'
            when old.state in ('waiting', 'claimed') then 'planned'
            when old.state in ('sent', 'uncertain') then 'sent' else old.state end;
        since := case stands
            when 'sent' then greatest(new.sent_at, new.not_before) when 'delivered' then new.delivered_at
            else new.settled_at end;
        if new.read_at is not null and old.read_at is null then
            stands := 'read'; stood := ''; reason := ''; since := new.read_at;
        end if;
    end if;
    if stands = stood or new.gathered_into_id is not null then
        return null;
    end if;
    with levels as (
        select (new.params ->> 'step_id')::bigint as step_id, new.staff_id, new.id as outbound_id, new.ticket_id
        where new.template = 'escalation_level'
        union all
        select line.value::bigint, new.staff_id, new.id, null
        from jsonb_array_elements_text(new.params -> 'step_ids') line where new.template = 'daily_list'
        union all
        select (m.params ->> 'step_id')::bigint, m.staff_id, m.id, m.ticket_id from outbound_message m
        where new.template = 'gathered' and m.gathered_into_id = new.id and m.template = 'escalation_level'
    ), written as (
        insert into escalation_attempt (step_id, staff_id, outbound_id, method, state, why, at, not_before)
        select l.step_id, l.staff_id, l.outbound_id, new.channel, stands, reason, coalesce(since, clock_timestamp()),
            case when stands = 'planned' then new.not_before end
        from levels l join planned_step s on s.id = l.step_id and s.ticket_id = coalesce(l.ticket_id, s.ticket_id)
        where l.staff_id is not null returning *
    ), sooner as (
        -- What will not arrive is not waited for.
        update planned_step set reach_by = least(reach_by, coalesce(since, clock_timestamp()))
        where stands in ('failed', 'suppressed') and new.channel <> 'screen' and id in (
            select s.id from planned_step s where s.id in (select step_id from levels) and s.reach_by is not null
            for no key update skip locked)
    )
    insert into audit_entry (at, actor_kind, action, subject_kind, subject_id, ticket_id, request_id, params)
    select a.at, 'system', 'escalation.attempted', 'escalation_attempt', a.id, s.ticket_id, '', jsonb_build_object(
        'step_id', a.step_id, 'staff_id', a.staff_id, 'channel', a.method, 'attempt', a.state, 'reason', a.why)
    from written a join planned_step s on s.id = a.step_id;
    return null;
end
'''
ATTEMPT_OF_READING = '''
begin
    with written as (
        insert into escalation_attempt (step_id, staff_id, method, state, why, at)
        values (new.step_id, new.staff_id, 'screen', 'read', '', new.read_at) returning *
    )
    insert into audit_entry (at, actor_kind, action, subject_kind, subject_id, ticket_id, request_id, params)
    select a.at, 'system', 'escalation.attempted', 'escalation_attempt', a.id, s.ticket_id, '', jsonb_build_object(
        'step_id', a.step_id, 'staff_id', a.staff_id, 'channel', a.method, 'attempt', a.state, 'reason', a.why)
    from written a join planned_step s on s.id = a.step_id;
    return null;
end
'''
ATTEMPT_OF_ANSWER = '''
begin
    with written as (
        insert into escalation_attempt (step_id, staff_id, method, state, why, at)
        select new.step_id, new.staff_id,
            case new.via when 'sms' then 'sms' when 'keypad' then 'voice' else 'screen' end,
            'acknowledged', '', new.at
        where not exists (select from escalation_attempt where step_id = new.step_id and state = 'acknowledged')
        returning *
    )
    insert into audit_entry (at, actor_kind, action, subject_kind, subject_id, ticket_id, request_id, params)
    select a.at, 'system', 'escalation.attempted', 'escalation_attempt', a.id, s.ticket_id, '', jsonb_build_object(
        'step_id', a.step_id, 'staff_id', a.staff_id, 'channel', a.method, 'attempt', a.state, 'reason', a.why)
    from written a join planned_step s on s.id = a.step_id;
    return null;
end
'''


def upgrade() -> None:
    op.create_table('escalation_attempt',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('step_id', sa.BigInteger(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('outbound_id', sa.BigInteger(), nullable=True),
    sa.Column('method', sa.Enum('sms', 'email', 'voice', 'screen', name='outbound_channel', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('state', sa.Enum('planned', 'sent', 'delivered', 'read', 'acknowledged', 'failed', 'suppressed', 'withdrawn', name='attempt_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('not_before', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_escalation_attempt_staff_id_staff')),
    sa.ForeignKeyConstraint(['step_id'], ['planned_step.id'], name=op.f('fk_escalation_attempt_step_id_planned_step'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_escalation_attempt'))
    )
    op.create_index('ix_escalation_attempt_step_id', 'escalation_attempt', ['step_id', 'staff_id'], unique=False)
    op.add_column('outbound_message', sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True))
    times = op.create_table('reach_time',
    sa.Column('priority', sa.Enum('emergency', 'urgent', 'normal', name='priority', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('seconds', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('priority', name=op.f('pk_reach_time'))
    )
    op.bulk_insert(times, [{'priority': 'emergency', 'seconds': 120}, {'priority': 'urgent', 'seconds': 600}, {'priority': 'normal', 'seconds': 7200}])
    op.execute(f'create or replace function attempt_of_message() returns trigger language plpgsql as $body${ATTEMPT_OF_MESSAGE}$body$')
    op.execute('create or replace trigger attempt_of_message after insert or update on outbound_message for each row when (new.template in (\'escalation_level\', \'daily_list\', \'gathered\')) execute function attempt_of_message()')
    op.execute(f'create or replace function attempt_of_reading() returns trigger language plpgsql as $body${ATTEMPT_OF_READING}$body$')
    op.execute('create or replace trigger attempt_of_reading after update of read_at on step_recipient for each row when (new.read_at is not null and old.read_at is null) execute function attempt_of_reading()')
    op.execute(f'create or replace function attempt_of_answer() returns trigger language plpgsql as $body${ATTEMPT_OF_ANSWER}$body$')
    op.execute('create or replace trigger attempt_of_answer after insert on acknowledgement for each row execute function attempt_of_answer()')


def downgrade() -> None:
    op.execute('drop trigger attempt_of_message on outbound_message')
    op.execute('drop function attempt_of_message()')
    op.execute('drop trigger attempt_of_reading on step_recipient')
    op.execute('drop function attempt_of_reading()')
    op.execute('drop trigger attempt_of_answer on acknowledgement')
    op.execute('drop function attempt_of_answer()')
    op.drop_column('outbound_message', 'settled_at')
    op.drop_index('ix_escalation_attempt_step_id', table_name='escalation_attempt')
    op.drop_table('escalation_attempt')
    op.drop_table('reach_time')
