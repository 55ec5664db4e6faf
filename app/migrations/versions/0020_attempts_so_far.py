"""The attempts that messages, reading and answers of the time before tell of, batch by batch, each with its entry.

Of what came before only the last state is known. Running it again goes on where it was broken off.
"""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

BATCH = 20_000

ENTRIES = """
    insert into audit_entry (at, actor_kind, action, subject_kind, subject_id, ticket_id, request_id, params)
    select now(), 'system', 'escalation.attempted', 'escalation_attempt', a.id, s.ticket_id, '', jsonb_build_object(
        'step_id', a.step_id, 'staff_id', a.staff_id, 'channel', a.method, 'attempt', a.state, 'reason', a.why,
        'at', a.at)
    from written a join planned_step s on s.id = a.step_id
"""
# A message that was gathered shares the fate of its list; the Chair's list carries its levels.
MESSAGES = """
    with message as (
        select m.id, m.staff_id, m.ticket_id, m.channel, m.read_at, c.sent_at, c.delivered_at, m.created_at,
            m.not_before, c.error_code, c.error,
            case when m.read_at is not null then 'read' when m.error_code = 'withdrawn' then 'withdrawn'
                when c.state in ('waiting', 'claimed') then 'planned'
                when c.state in ('sent', 'uncertain') then 'sent' else c.state end as state,
            case m.template when 'escalation_level' then jsonb_build_array(m.params -> 'step_id')
                else coalesce(m.params -> 'step_ids', '[]') end as steps
        from outbound_message m join outbound_message c on c.id = coalesce(m.gathered_into_id, m.id)
        where m.id >= :first and m.id < cast(:first as bigint) + :batch and m.staff_id is not null
          and m.template in ('escalation_level', 'daily_list')
          and not exists (select from escalation_attempt a where a.outbound_id = m.id)
    ), written as (
        insert into escalation_attempt (step_id, staff_id, outbound_id, method, state, why, at, not_before)
        select s.id, m.staff_id, m.id, m.channel, m.state,
            case m.state when 'withdrawn' then m.error when 'failed' then m.error_code when 'suppressed' then m.error_code
                else '' end,
            case m.state when 'read' then m.read_at when 'planned' then m.created_at
                else coalesce(m.delivered_at, m.sent_at, m.created_at) end,
            case m.state when 'planned' then m.not_before end
        from message m cross join jsonb_array_elements_text(m.steps) line
        join planned_step s on s.id = line.value::bigint and s.ticket_id = coalesce(m.ticket_id, s.ticket_id)
        returning *
    )
"""
READING = """
    with written as (
        insert into escalation_attempt (step_id, staff_id, method, state, why, at)
        select r.step_id, r.staff_id, 'screen', 'read', '', r.read_at from step_recipient r
        where r.id >= :first and r.id < cast(:first as bigint) + :batch and r.read_at is not null
          and not exists (select from escalation_attempt a where a.step_id = r.step_id and a.staff_id = r.staff_id
                          and a.state = 'read' and a.outbound_id is null)
        returning *
    )
"""
ANSWERS = """
    with written as (
        insert into escalation_attempt (step_id, staff_id, method, state, why, at)
        select k.step_id, k.staff_id, case k.via when 'sms' then 'sms' when 'keypad' then 'voice' else 'screen' end,
            'acknowledged', '', k.at from acknowledgement k
        where k.step_id >= :first and k.step_id < cast(:first as bigint) + :batch
          and not exists (select from escalation_attempt a where a.step_id = k.step_id and a.state = 'acknowledged')
        returning *
    )
"""
OF = (('outbound_message', 'id', MESSAGES), ('step_recipient', 'id', READING), ('acknowledgement', 'step_id', ANSWERS))


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_outbound_message_gathered")
        op.create_index('ix_outbound_message_gathered', 'outbound_message', ['gathered_into_id'], postgresql_concurrently=True, postgresql_where=sa.text('gathered_into_id is not null'))
        op.execute("drop index concurrently if exists ix_escalation_attempt_outbound_id")
        op.create_index('ix_escalation_attempt_outbound_id', 'escalation_attempt', ['outbound_id'], postgresql_concurrently=True)
        connection = op.get_bind()
        for table, key, statement in OF:
            lowest, highest = connection.execute(sa.select(sa.func.min(sa.column(key)), sa.func.max(sa.column(key))).select_from(sa.table(table))).one()
            for first in range(lowest or 0, (highest or -1) + 1, BATCH):
                connection.execute(sa.text(statement + ENTRIES), {"first": first, "batch": BATCH})


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_escalation_attempt_outbound_id', table_name='escalation_attempt', postgresql_concurrently=True)
        op.drop_index('ix_outbound_message_gathered', table_name='outbound_message', postgresql_concurrently=True)
