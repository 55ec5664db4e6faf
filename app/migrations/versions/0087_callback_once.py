"""Indexes of the callbacks that wait: in their order, one for each number, and by the call that is made for one."""

import sqlalchemy as sa
from alembic import op

revision = '0087'
down_revision = '0086'
branch_labels = None
depends_on = None

WAITING = "state in ('open', 'claimed', 'dialling')"
INDEXES = (
    ('ix_callback_request_waiting', ['order_at'], False, WAITING),
    ('uq_callback_request_phone', ['phone'], True, WAITING),
    ('ix_callback_request_outbound_id', ['outbound_id'], False, None),
)

# The first wish of a number keeps its place; the later ones were for the same call.
ONE_OF_A_NUMBER = '''
    update callback_request r set state = 'closed', outcome = 'asked_before', done_at = now()
    where r.state in ('open', 'claimed') and r.phone is not null and exists (
        select from callback_request e where e.phone = r.phone and e.state in ('open', 'claimed')
          and (e.state = 'open', e.order_at, e.id) < (r.state = 'open', r.order_at, r.id))
'''


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(ONE_OF_A_NUMBER)
        for name, columns, unique, where in INDEXES:
            op.execute(f"drop index concurrently if exists {name}")
            op.create_index(name, 'callback_request', columns, unique=unique, postgresql_concurrently=True, postgresql_where=sa.text(where) if where else None)
        op.execute("drop index concurrently if exists ix_callback_request_open")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index('ix_callback_request_open', 'callback_request', ['order_at'], postgresql_concurrently=True, postgresql_where=sa.text("state in ('open', 'claimed')"))
        for name, _columns, _unique, _where in INDEXES:
            op.drop_index(name, table_name='callback_request', postgresql_concurrently=True)
