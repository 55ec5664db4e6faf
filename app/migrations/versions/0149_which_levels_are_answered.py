"""The newest answered and unanswered levels, and the newest tickets of a state, are each a stretch of an index.

Whoever answers for a level is waited for while the trigger is made; levels answered before are marked after that.
"""

import sqlalchemy as sa
from alembic import op

revision = '0149'
down_revision = '0173'
branch_labels = None
depends_on = None

BATCH = 2_000
LEVEL_STAYS = '''
begin
    if tg_op = 'DELETE' then
        if exists (select from ticket where id = old.ticket_id) then
            raise insufficient_privilege using message = 'a level that has fired is a fact: it is not deleted';
        end if;
        return old;
    end if;
    if to_jsonb(new) - array['reach_by', 'is_answered']
        is distinct from to_jsonb(old) - array['reach_by', 'is_answered'] then
        raise insufficient_privilege using message = 'a level that has fired is a fact: it is not changed';
    end if;
    if new.is_answered <> old.is_answered
        and new.is_answered <> exists (select from acknowledgement where step_id = new.id) then
        raise insufficient_privilege using message = 'a level is answered by an acknowledgement: its mark only says so';
    end if;
    return new;
end
'''
LEVEL_STAYS_BEFORE = '''
begin
    if tg_op = 'DELETE' then
        if exists (select from ticket where id = old.ticket_id) then
            raise insufficient_privilege using message = 'a level that has fired is a fact: it is not deleted';
        end if;
        return old;
    end if;
    if to_jsonb(new) - 'reach_by' is distinct from to_jsonb(old) - 'reach_by' then
        raise insufficient_privilege using message = 'a level that has fired is a fact: it is not changed';
    end if;
    return new;
end
'''
OF_ANSWER = '''
begin
    update planned_step set is_answered = true where id = new.step_id and not is_answered;
    return null;
end
'''
SO_FAR = '''
    with few as (
        select step_id from acknowledgement where step_id > :after order by step_id limit :batch
    ), marked as (
        update planned_step set is_answered = true
        where id in (select step_id from few) and not is_answered
    )
    select max(step_id) from few
'''
_FIRED = "kind = 'level' and fired_at is not null"
_INDEXES = {
    'ix_planned_step_answered': ('planned_step', ['is_answered', 'id'], _FIRED),
    'ix_planned_step_unit_answered': ('planned_step', ['unit_id', 'is_answered', 'id'], _FIRED),
    'ix_ticket_status_newest': ('ticket', ['status', 'id'], None),
    'ix_ticket_unit_status_newest': ('ticket', ['unit_id', 'status', 'id'], None),
}


def upgrade() -> None:
    op.add_column('planned_step', sa.Column('is_answered', sa.Boolean(), server_default=sa.text('false'), nullable=False), if_not_exists=True)
    op.execute(f'create or replace function level_stays() returns trigger language plpgsql as $body${LEVEL_STAYS}$body$')
    op.execute(f'create or replace function level_answered() returns trigger language plpgsql as $body${OF_ANSWER}$body$')
    op.execute('create or replace trigger level_answered after insert on acknowledgement for each row execute function level_answered()')
    with op.get_context().autocommit_block():
        connection, after = op.get_bind(), 0
        while after is not None:
            after = connection.execute(sa.text(SO_FAR), {'after': after, 'batch': BATCH}).scalar()
        for name, (table, columns, where) in _INDEXES.items():
            op.execute(f'drop index concurrently if exists {name}')
            op.create_index(name, table, columns, postgresql_concurrently=True, postgresql_where=sa.text(where) if where else None)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, (table, _columns, _where) in _INDEXES.items():
            op.drop_index(name, table_name=table, postgresql_concurrently=True)
    op.execute('drop trigger level_answered on acknowledgement')
    op.execute('drop function level_answered()')
    op.execute(f'create or replace function level_stays() returns trigger language plpgsql as $body${LEVEL_STAYS_BEFORE}$body$')
    op.drop_column('planned_step', 'is_answered')
