"""How often and after which pause a telephone that nobody answered rings again about a level, by priority.

What did not arrive brings the search forward only where nobody is being tried after it.
"""

import sqlalchemy as sa
from alembic import op

revision = '0034'
down_revision = '0042'
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
        -- What will not arrive, or came back, is not waited for: but who is being tried after it is.
        update planned_step set reach_by = least(reach_by, coalesce(since, clock_timestamp()))
        where (stands in ('failed', 'suppressed') or stands = 'planned' and stood = 'sent') and new.channel <> 'screen'
          and id in (
            select s.id from planned_step s join levels l on l.step_id = s.id
            where s.reach_by is not null and not exists (
                select from escalation_attempt later where later.step_id = s.id and later.method <> 'screen'
                  and later.outbound_id > l.outbound_id)
            for no key update of s skip locked)
    )
    insert into audit_entry (at, actor_kind, action, subject_kind, subject_id, ticket_id, request_id, params)
    select a.at, 'system', 'escalation.attempted', 'escalation_attempt', a.id, s.ticket_id, '', jsonb_build_object(
        'step_id', a.step_id, 'staff_id', a.staff_id, 'channel', a.method, 'attempt', a.state, 'reason', a.why)
    from written a join planned_step s on s.id = a.step_id;
    return null;
end
'''


def upgrade() -> None:
    op.add_column('reach_time', sa.Column('most_calls', sa.BigInteger(), server_default=sa.text('3'), nullable=False))
    op.add_column('reach_time', sa.Column('call_pause_seconds', sa.BigInteger(), server_default=sa.text('60'), nullable=False))
    op.execute("update reach_time set call_pause_seconds = case priority when 'emergency' then 15 when 'urgent' then 120 else 600 end")
    op.execute(f'create or replace function attempt_of_message() returns trigger language plpgsql as $body${ATTEMPT_OF_MESSAGE}$body$')


def downgrade() -> None:
    op.drop_column('reach_time', 'call_pause_seconds')
    op.drop_column('reach_time', 'most_calls')
