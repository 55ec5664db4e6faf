"""What was named to a person is told from an index alone, with when they were named."""

from alembic import op

revision = '0165'
down_revision = '0148'
branch_labels = None
depends_on = None

_NEW, _OLD = 'ix_ticket_access_of_person', 'ix_ticket_access_staff_id'


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f'drop index concurrently if exists {_NEW}')
        op.create_index(_NEW, 'ticket_access', ['staff_id', 'ticket_id'], postgresql_concurrently=True, postgresql_include=['created_at'])
        op.execute(f'drop index concurrently if exists {_OLD}')


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f'drop index concurrently if exists {_OLD}')
        op.create_index(_OLD, 'ticket_access', ['staff_id'], postgresql_concurrently=True)
        op.drop_index(_NEW, table_name='ticket_access', postgresql_concurrently=True)
