"""By when a colleague who was asked to answer for a level should have, and what became of it; given back, they may be asked again."""

import sqlalchemy as sa
from alembic import op

revision = '0175'
down_revision = '0168'
branch_labels = None
depends_on = None

_COLUMNS = ('due_at', 'declined_at', 'broken_at', 'ended_at')
_KNOWN = 'uq_delegation_step_id_from_id_to_id'
# What had been given back so far is told by notes alone.
_GIVEN_BACK = '''
    update delegation d set declined_at = (
        select min(n.at) from planned_step s join timeline_entry n on n.ticket_id = s.ticket_id
        where s.id = d.step_id and n.kind = 'note' and n.at >= d.at
          and n.params ->> 'declined_by' = d.to_id::text and n.params ->> 'step_id' = d.step_id::text)
    where d.declined_at is null
'''
STAYS = '''
begin
    if old.declined_at is not null and new.declined_at is distinct from old.declined_at
        or old.broken_at is not null and new.broken_at is distinct from old.broken_at
        or old.ended_at is not null and new.ended_at is distinct from old.ended_at then
        raise insufficient_privilege using message = 'what became of asking a colleague is a fact: it is not changed';
    end if;
    return new;
end
'''
_INDEXES = {
    'uq_delegation_open': (['step_id', 'from_id', 'to_id'], 'declined_at is null'),
    'ix_delegation_unanswered': (['due_at'], 'declined_at is null and broken_at is null and ended_at is null'),
    'ix_delegation_step_id': (['step_id'], None),
}


def upgrade() -> None:
    for name in _COLUMNS:
        op.execute(f'alter table delegation add column if not exists {name} timestamptz')
    op.execute(_GIVEN_BACK)
    op.execute(f'create or replace function delegation_stays() returns trigger language plpgsql as $body${STAYS}$body$')
    op.execute('create or replace trigger delegation_stays before update on delegation for each row execute function delegation_stays()')
    with op.get_context().autocommit_block():
        for name, (columns, condition) in _INDEXES.items():
            op.execute(f'drop index concurrently if exists {name}')
            where = {'postgresql_where': sa.text(condition)} if condition else {}
            op.create_index(name, 'delegation', columns, unique=name.startswith('uq_'), postgresql_concurrently=True, **where)
    op.execute(f'alter table delegation drop constraint if exists {_KNOWN}')


def downgrade() -> None:
    op.execute('drop trigger delegation_stays on delegation')
    op.execute('drop function delegation_stays()')
    # Of several askings by one person of another about one level, the first is what the table could hold before.
    op.execute('delete from delegation d using delegation e where (e.step_id, e.from_id, e.to_id) = (d.step_id, d.from_id, d.to_id) and e.id < d.id')
    op.create_unique_constraint(op.f(_KNOWN), 'delegation', ['step_id', 'from_id', 'to_id'])
    for name in _INDEXES:
        op.drop_index(name, table_name='delegation')
    for name in _COLUMNS:
        op.drop_column('delegation', name)
