"""Whose a line of a desk is, and whom a chain is counted for, is told from the line alone: what decides it is kept there.

Triggers of tickets and clocks keep it. The release before writes lines without it meanwhile, and those are judged from
their tickets, as all were before.
"""

import sqlalchemy as sa
from alembic import op

revision = '0166'
down_revision = '0165'
branch_labels = None
depends_on = None

BATCH = 1_000
_NEW, _OLD = 'ix_standing_report_desk', 'ix_standing_report_harm'
_KEY = ['staff_id', 'is_answered', sa.literal_column('(-harm)'), 'due_on', sa.literal_column('(-people)'), 'due_at', 'step_id']
_KEPT = ['ticket_id', 'clock_id', 'level', 'harm', 'people', 'unit_id', 'procedure_id', 'category_id', 'chain_version_id', 'capacity', 'stands']
_COUNTED = 'stands and not is_restricted'
_NAMED = 'stands and is_restricted'
_UNKNOWN = 'stands is null'
OF_TICKET = '''
begin
    update standing_report r
    set unit_id = new.unit_id, procedure_id = new.procedure_id, category_id = new.category_id,
        stands = new.escalation_level > 0 and not new.is_canary
            and new.status in ('new', 'open', 'pending_citizen', 'pending_third_party')
            and exists (select from clock where id = r.clock_id and status = 'running')
    where r.ticket_id = new.id and r.stands is not null;
    update standing_level l
    set unit_id = new.unit_id, is_restricted = new.is_restricted,
        stands = new.escalation_level > 0 and not new.is_canary
            and new.status in ('new', 'open', 'pending_citizen', 'pending_third_party')
            and exists (select from clock where id = l.clock_id and status = 'running')
    where l.ticket_id = new.id and l.stands is not null;
    return null;
end
'''
OF_CLOCK = '''
begin
    update standing_report r
    set stands = new.status = 'running' and t.escalation_level > 0 and not t.is_canary
        and t.status in ('new', 'open', 'pending_citizen', 'pending_third_party')
    from ticket t
    where r.clock_id = new.id and t.id = new.ticket_id and r.stands is not null;
    update standing_level l
    set stands = new.status = 'running' and t.escalation_level > 0 and not t.is_canary
        and t.status in ('new', 'open', 'pending_citizen', 'pending_third_party')
    from ticket t
    where l.clock_id = new.id and t.id = new.ticket_id and l.stands is not null;
    return null;
end
'''
# Whoever changes such a ticket meanwhile is waited for, and waits for us no longer than one batch takes.
REPORTS_SO_FAR = '''
    with held as (
        select id, unit_id, procedure_id, category_id, escalation_level, status, is_canary from ticket
        where id in (select ticket_id from standing_report
                     where clock_id >= :first and clock_id < cast(:first as bigint) + :batch)
        order by id for share
    )
    update standing_report r
    set unit_id = t.unit_id, procedure_id = t.procedure_id, category_id = t.category_id,
        chain_version_id = (select v.chain_version_id from planned_step s join chain_step v on v.id = s.chain_step_id
                            where s.id = r.step_id),
        capacity = (select capacity from step_recipient p where p.step_id = r.step_id and p.staff_id = r.staff_id),
        stands = t.escalation_level > 0 and not t.is_canary
            and t.status in ('new', 'open', 'pending_citizen', 'pending_third_party')
            and exists (select from clock where id = r.clock_id and status = 'running')
    from held t
    where t.id = r.ticket_id and r.clock_id >= :first and r.clock_id < cast(:first as bigint) + :batch
'''
LEVELS_SO_FAR = '''
    with held as (
        select id, unit_id, is_restricted, escalation_level, status, is_canary from ticket
        where id in (select ticket_id from standing_level
                     where clock_id >= :first and clock_id < cast(:first as bigint) + :batch)
        order by id for share
    )
    update standing_level l
    set unit_id = t.unit_id, is_restricted = t.is_restricted,
        stands = t.escalation_level > 0 and not t.is_canary
            and t.status in ('new', 'open', 'pending_citizen', 'pending_third_party')
            and exists (select from clock where id = l.clock_id and status = 'running')
    from held t
    where t.id = l.ticket_id and l.clock_id >= :first and l.clock_id < cast(:first as bigint) + :batch
'''


def upgrade() -> None:
    for name in ('unit_id', 'procedure_id', 'category_id', 'chain_version_id'):
        op.add_column('standing_report', sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column('standing_report', sa.Column('capacity', sa.Text(), nullable=True))
    for table, name in (('standing_report', 'stands'), ('standing_level', 'is_restricted'), ('standing_level', 'stands')):
        op.add_column(table, sa.Column(name, sa.Boolean(), nullable=True))
    op.execute(f'create or replace function what_stands_of_ticket() returns trigger language plpgsql as $body${OF_TICKET}$body$')
    op.execute(
        'create or replace trigger what_stands_of_ticket after update on ticket for each row'
        ' when ((old.unit_id, old.procedure_id, old.category_id, old.status, old.is_restricted, old.is_canary, old.escalation_level > 0)'
        ' is distinct from (new.unit_id, new.procedure_id, new.category_id, new.status, new.is_restricted, new.is_canary, new.escalation_level > 0))'
        ' execute function what_stands_of_ticket()'
    )
    op.execute(f'create or replace function what_stands_of_clock() returns trigger language plpgsql as $body${OF_CLOCK}$body$')
    op.execute(
        'create or replace trigger what_stands_of_clock after update on clock for each row'
        " when ((old.status = 'running') <> (new.status = 'running')) execute function what_stands_of_clock()"
    )
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        for table, so_far in (('standing_report', REPORTS_SO_FAR), ('standing_level', LEVELS_SO_FAR)):
            lowest, highest = connection.execute(sa.text(f'select min(clock_id), max(clock_id) from {table}')).one()  # noqa: S608
            if lowest is not None:
                for first in range(lowest, highest + 1, BATCH):
                    connection.execute(sa.text(so_far), {'first': first, 'batch': BATCH})
        for name in (_NEW, 'ix_standing_level_counted', 'ix_standing_level_named', 'ix_standing_level_unknown'):
            op.execute(f'drop index concurrently if exists {name}')
        op.create_index(_NEW, 'standing_report', _KEY, postgresql_concurrently=True, postgresql_include=_KEPT)
        op.create_index('ix_standing_level_counted', 'standing_level', ['unit_id', 'level', 'clock_kind', 'is_answered'], postgresql_concurrently=True, postgresql_where=sa.text(_COUNTED))
        op.create_index('ix_standing_level_named', 'standing_level', ['ticket_id'], postgresql_concurrently=True, postgresql_include=['unit_id', 'level', 'clock_kind', 'is_answered'], postgresql_where=sa.text(_NAMED))
        op.create_index('ix_standing_level_unknown', 'standing_level', ['ticket_id'], postgresql_concurrently=True, postgresql_where=sa.text(_UNKNOWN))
        op.execute(f'drop index concurrently if exists {_OLD}')


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f'drop index concurrently if exists {_OLD}')
        op.create_index(_OLD, 'standing_report', _KEY, postgresql_concurrently=True)
        op.drop_index(_NEW, table_name='standing_report', postgresql_concurrently=True)
        for name in ('ix_standing_level_counted', 'ix_standing_level_named', 'ix_standing_level_unknown'):
            op.drop_index(name, table_name='standing_level', postgresql_concurrently=True)
    op.execute('drop trigger what_stands_of_clock on clock')
    op.execute('drop function what_stands_of_clock()')
    op.execute('drop trigger what_stands_of_ticket on ticket')
    op.execute('drop function what_stands_of_ticket()')
    for name in ('stands', 'capacity', 'chain_version_id', 'category_id', 'procedure_id', 'unit_id'):
        op.drop_column('standing_report', name)
    for name in ('stands', 'is_restricted'):
        op.drop_column('standing_level', name)
