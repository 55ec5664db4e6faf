"""What a leader's list is ordered by, kept with its rows, with those so far and their index.

The release before writes rows without it meanwhile: they stand wrongly in the list until their ticket moves, or until
the night's proof, which compares these columns as well.
"""

import sqlalchemy as sa
from alembic import op

from tickets.city import zone

revision = '0041'
down_revision = '0038'
branch_labels = None
depends_on = None

BATCH = 5_000
SO_FAR = '''
    update standing_report r
    set harm = r.level + case when t.priority = 'emergency' then 100 else 0 end,
        due_on = (r.due_at at time zone cast(:zone as text))::date,
        people = 1 + (select count(*) from ticket d where d.master_id = t.id and not d.is_canary)
    from ticket t
    where t.id = r.ticket_id and r.clock_id >= :first and r.clock_id < cast(:first as bigint) + :batch
'''


def upgrade() -> None:
    op.add_column('standing_report', sa.Column('harm', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('standing_report', sa.Column('due_on', sa.Date(), server_default='1970-01-01', nullable=False))
    op.add_column('standing_report', sa.Column('people', sa.BigInteger(), server_default='1', nullable=False))
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        lowest, highest = connection.execute(sa.text('select min(clock_id), max(clock_id) from standing_report')).one()
        if lowest is not None:
            for first in range(lowest, highest + 1, BATCH):
                connection.execute(sa.text(SO_FAR), {'first': first, 'batch': BATCH, 'zone': zone().key})
        op.execute("drop index concurrently if exists ix_standing_report_harm")
        op.create_index('ix_standing_report_harm', 'standing_report', ['staff_id', 'is_answered', sa.literal_column('(-harm)'), 'due_on', sa.literal_column('(-people)'), 'due_at', 'step_id'], unique=False, postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_standing_report_harm', table_name='standing_report', postgresql_concurrently=True)
    op.drop_column('standing_report', 'people')
    op.drop_column('standing_report', 'due_on')
    op.drop_column('standing_report', 'harm')
