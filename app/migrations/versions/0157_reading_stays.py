"""When somebody has read what they were told is written once."""

from alembic import op

revision = '0157'
down_revision = '0156'
branch_labels = None
depends_on = None

STAYS = '''
begin
    raise insufficient_privilege using message = 'that a report was read, and when, is a fact: it is not changed';
end
'''


def upgrade() -> None:
    op.execute(f'create or replace function reading_stays() returns trigger language plpgsql as $body${STAYS}$body$')
    op.execute('create or replace trigger reading_stays before update of read_at on step_recipient for each row when (old.read_at is not null and new.read_at is distinct from old.read_at) execute function reading_stays()')


def downgrade() -> None:
    op.execute('drop trigger reading_stays on step_recipient')
    op.execute('drop function reading_stays()')
