"""Running chains unit by unit, with those so far, and what was told to a person in the order of time.

The release before writes chains without their unit meanwhile; they are looked for beside the others.
"""

import sqlalchemy as sa
from alembic import op

revision = '0042'
down_revision = '0041'
branch_labels = None
depends_on = None

BATCH = 5_000
SO_FAR = '''
    update standing_level s set unit_id = t.unit_id from ticket t
    where t.id = s.ticket_id and s.clock_id >= :first and s.clock_id < cast(:first as bigint) + :batch
'''


def upgrade() -> None:
    op.add_column('standing_level', sa.Column('unit_id', sa.BigInteger(), nullable=True))
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        lowest, highest = connection.execute(sa.text('select min(clock_id), max(clock_id) from standing_level')).one()
        if lowest is not None:
            for first in range(lowest, highest + 1, BATCH):
                connection.execute(sa.text(SO_FAR), {'first': first, 'batch': BATCH})
        op.execute("drop index concurrently if exists ix_standing_level_unit")
        op.create_index('ix_standing_level_unit', 'standing_level', ['unit_id', sa.literal_column('level desc'), 'due_at', 'step_id'], unique=False, postgresql_concurrently=True)
        op.execute("drop index concurrently if exists ix_step_recipient_staff_id_told_at")
        op.create_index('ix_step_recipient_staff_id_told_at', 'step_recipient', ['staff_id', 'told_at', 'step_id'], unique=False, postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_step_recipient_staff_id_told_at', table_name='step_recipient', postgresql_concurrently=True)
        op.drop_index('ix_standing_level_unit', table_name='standing_level', postgresql_concurrently=True)
    op.drop_column('standing_level', 'unit_id')
