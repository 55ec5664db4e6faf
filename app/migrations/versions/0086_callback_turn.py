"""A callback stands in the queue, is dialled when its turn comes, and keeps an agent for it; one for each number."""

import sqlalchemy as sa
from alembic import op

revision = '0086'
down_revision = '0085'
branch_labels = None
depends_on = None

PRESENCE = "'offline', 'available', 'offered', 'on_call', 'wrap_up', 'away'"
CALLBACK = "'open', 'claimed', 'done', 'closed'"

def upgrade() -> None:
    _checks(f"{PRESENCE}, 'calling_back'", f"{CALLBACK}, 'dialling'")
    op.add_column('callback_request', sa.Column('not_before', sa.DateTime(timezone=True), nullable=True))
    op.add_column('callback_request', sa.Column('attempts', sa.BigInteger(), server_default=sa.text('0'), nullable=False))
    op.add_column('callback_request', sa.Column('outbound_id', sa.BigInteger(), nullable=True))
    op.add_column('callback_request', sa.Column('reserved_until', sa.DateTime(timezone=True), nullable=True))
    op.add_column('callback_request', sa.Column('refused_by_id', sa.BigInteger(), nullable=True))
    op.add_column('callback_request', sa.Column('refused_at', sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f('fk_callback_request_refused_by_id_staff'), 'callback_request', 'staff', ['refused_by_id'], ['id'], postgresql_not_valid=True)
    op.add_column('presence', sa.Column('callback_id', sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f('fk_presence_callback_id_callback_request'), 'presence', 'callback_request', ['callback_id'], ['id'], postgresql_not_valid=True)
    op.execute("alter table callback_request validate constraint fk_callback_request_refused_by_id_staff")
    op.execute("alter table presence validate constraint fk_presence_callback_id_callback_request")


def downgrade() -> None:
    op.execute("update presence set state = 'available', callback_id = null where state = 'calling_back'")
    op.execute("update callback_request set state = 'open' where state = 'dialling'")
    op.drop_column('presence', 'callback_id')
    for name in ('not_before', 'attempts', 'outbound_id', 'reserved_until', 'refused_by_id', 'refused_at'):
        op.drop_column('callback_request', name)
    _checks(PRESENCE, CALLBACK)


def _checks(presence: str, callback: str) -> None:
    """Few rows stand in either table: nobody waits for the look at them."""
    op.drop_constraint(op.f('ck_presence_presence_state'), 'presence', type_='check')
    op.execute(f"alter table presence add constraint ck_presence_presence_state check (state in ({presence}))")
    op.drop_constraint(op.f('ck_callback_request_callback_state'), 'callback_request', type_='check')
    op.execute(f"alter table callback_request add constraint ck_callback_request_callback_state check (state in ({callback}))")
