"""What became of an instruction is written once."""

from alembic import op

revision = '0075'
down_revision = '0074'
branch_labels = None
depends_on = None

STAYS = '''
begin
    if old.answered_at is not null and (new.answered_at, new.answered_by_id, new.answer)
            is distinct from (old.answered_at, old.answered_by_id, old.answer)
        or old.broken_at is not null and new.broken_at is distinct from old.broken_at
        or old.ended_at is not null and new.ended_at is distinct from old.ended_at then
        raise insufficient_privilege using message = 'what became of an instruction is a fact: it is not changed';
    end if;
    return new;
end
'''


def upgrade() -> None:
    op.execute(f'create or replace function instruction_stays() returns trigger language plpgsql as $body${STAYS}$body$')
    op.execute('create or replace trigger instruction_stays before update on instruction for each row execute function instruction_stays()')


def downgrade() -> None:
    op.execute('drop trigger instruction_stays on instruction')
    op.execute('drop function instruction_stays()')
