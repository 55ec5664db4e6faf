"""The newest levels of a unit are a stretch of an index, by the unit at which they fired; tickets that went to another
unit since are kept beside it by a trigger."""

import sqlalchemy as sa
from alembic import op

revision = '0169'
down_revision = '0180'
branch_labels = None
depends_on = None

BATCH = 5_000
_NEWEST = 'ix_planned_step_unit_newest'
OF_MOVE = '''
begin
    insert into moved_since_level (ticket_id, unit_id) values (new.id, new.unit_id)
    on conflict (ticket_id) do update set unit_id = excluded.unit_id;
    return null;
end
'''
# Whoever moves such a ticket meanwhile is waited for, and waits for us no longer than one batch takes.
SO_FAR = '''
    with held as (
        select id, unit_id from ticket
        where id >= :first and id < cast(:first as bigint) + :batch and escalation_level > 0
        order by id for share
    )
    insert into moved_since_level (ticket_id, unit_id)
    select id, unit_id from held
    where exists (select from planned_step s where s.ticket_id = held.id and s.kind = 'level'
                  and s.fired_at is not null and s.unit_id is distinct from held.unit_id)
    on conflict (ticket_id) do update set unit_id = excluded.unit_id
'''


def upgrade() -> None:
    op.create_table(
        'moved_since_level',
        sa.Column('ticket_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('unit_id', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_moved_since_level_ticket_id_ticket'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('ticket_id', name=op.f('pk_moved_since_level')),
    )
    op.create_index(op.f('ix_moved_since_level_unit_id'), 'moved_since_level', ['unit_id'])
    op.execute(f'create or replace function moved_since_level() returns trigger language plpgsql as $body${OF_MOVE}$body$')
    op.execute(
        'create or replace trigger moved_since_level after update on ticket for each row'
        ' when (old.unit_id <> new.unit_id and new.escalation_level > 0) execute function moved_since_level()'
    )
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        lowest, highest = connection.execute(sa.text('select min(id), max(id) from ticket where escalation_level > 0')).one()
        if lowest is not None:
            for first in range(lowest, highest + 1, BATCH):
                connection.execute(sa.text(SO_FAR), {'first': first, 'batch': BATCH})
        op.execute(f'drop index concurrently if exists {_NEWEST}')
        op.create_index(_NEWEST, 'planned_step', ['unit_id', 'id'], postgresql_concurrently=True, postgresql_where=sa.text("kind = 'level' and fired_at is not null"))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(_NEWEST, table_name='planned_step', postgresql_concurrently=True)
    op.execute('drop trigger moved_since_level on ticket')
    op.execute('drop function moved_since_level()')
    op.drop_table('moved_since_level')
