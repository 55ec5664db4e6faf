"""Levels that have fired and the dates of promises are facts: the database refuses to change them."""

from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

LEVEL_STAYS = '''
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
DATES_STAY = '''
begin
    if old.first_breach_at is not null and new.first_breach_at is distinct from old.first_breach_at then
        raise insufficient_privilege using message = 'the first breach of a promise is a fact: it is not changed';
    end if;
    if old.history is distinct from coalesce((
        select jsonb_agg(past.value order by past.ordinality)
        from jsonb_array_elements(new.history) with ordinality past
        where past.ordinality <= jsonb_array_length(old.history)), '[]') then
        raise insufficient_privilege using message = 'the dates a promise had are facts: they are only added to';
    end if;
    return new;
end
'''


def upgrade() -> None:
    op.execute(f'create or replace function level_stays() returns trigger language plpgsql as $body${LEVEL_STAYS}$body$')
    op.execute('create or replace trigger level_stays before update or delete on planned_step for each row when (old.fired_at is not null) execute function level_stays()')
    op.execute(f'create or replace function dates_stay() returns trigger language plpgsql as $body${DATES_STAY}$body$')
    op.execute('create or replace trigger dates_stay before update on clock for each row when (old.history is distinct from new.history or old.first_breach_at is distinct from new.first_breach_at) execute function dates_stay()')


def downgrade() -> None:
    op.execute('drop trigger level_stays on planned_step')
    op.execute('drop function level_stays()')
    op.execute('drop trigger dates_stay on clock')
    op.execute('drop function dates_stay()')
