"""A published version of a policy is written once, and once its end."""

from alembic import op

revision = '0084'
down_revision = '0075'
branch_labels = None
depends_on = None

STAYS = '''
begin
    if old.retired_at is not null or to_jsonb(new) - 'retired_at' is distinct from to_jsonb(old) - 'retired_at' then
        raise insufficient_privilege using message = 'what was promised is a fact: a published version is not changed';
    end if;
    return new;
end
'''


def upgrade() -> None:
    op.execute(f'create or replace function policy_version_stays() returns trigger language plpgsql as $body${STAYS}$body$')
    op.execute('create or replace trigger policy_version_stays before update on policy_version for each row execute function policy_version_stays()')


def downgrade() -> None:
    op.execute('drop trigger policy_version_stays on policy_version')
    op.execute('drop function policy_version_stays()')
