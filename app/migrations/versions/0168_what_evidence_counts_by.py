"""Problems are counted from their evidence alone: what decides whether a ticket counts, and for whom, is kept there by
triggers. And the parts of texts that left on a day that is over are a total, by account.

The release before adds evidence without it meanwhile: a trigger fills that in as well.
"""

import sqlalchemy as sa
from alembic import op

revision = '0168'
down_revision = '0167'
branch_labels = None
depends_on = None

BATCH = 1_000
_INDEXES = {
    'ix_problem_ticket_people': ('problem_ticket', ['problem_id', 'person'], 'counts', []),
    'ix_problem_ticket_places': ('problem_ticket', ['problem_id', 'unit_id', 'place_id'], 'counts', []),
    'ix_problem_ticket_coordinated': ('problem_ticket', ['problem_id', 'coordinating_unit_id'], 'counts and coordinating_unit_id is not null', []),
    'ix_outbound_message_parts': ('outbound_message', ['sent_at'], 'segments is not null', ['provider_account', 'segments']),
}
OF_EVIDENCE = '''
begin
    select t.unit_id, t.coordinating_unit_id, coalesce(t.place_unit_id, t.unit_id),
    hashtextextended(coalesce(t.reply_phone, t.reply_email, t.reference), 0), not t.is_restricted and not t.is_canary
    into new.unit_id, new.coordinating_unit_id, new.place_id, new.person, new.counts
    from ticket t where t.id = new.ticket_id;
    return new;
end
'''
OF_TICKET = '''
begin
    update problem_ticket e set (unit_id, coordinating_unit_id, place_id, person, counts) = (select t.unit_id, t.coordinating_unit_id, coalesce(t.place_unit_id, t.unit_id),
    hashtextextended(coalesce(t.reply_phone, t.reply_email, t.reference), 0), not t.is_restricted and not t.is_canary from ticket t where t.id = new.id)
    where e.ticket_id = new.id;
    return null;
end
'''
_DECIDING = ('unit_id', 'coordinating_unit_id', 'place_unit_id', 'reply_phone', 'reply_email', 'is_restricted', 'is_canary')
# Whoever changes such a ticket meanwhile is waited for, and waits for us no longer than one batch takes.
SO_FAR = '''
    with t as (
        select * from ticket
        where id in (select ticket_id from problem_ticket where id >= :first and id < cast(:first as bigint) + :batch)
        order by id for share
    )
    update problem_ticket e
    set unit_id = t.unit_id, coordinating_unit_id = t.coordinating_unit_id,
        place_id = coalesce(t.place_unit_id, t.unit_id),
        person = hashtextextended(coalesce(t.reply_phone, t.reply_email, t.reference), 0),
        counts = not t.is_restricted and not t.is_canary
    from t where t.id = e.ticket_id and e.id >= :first and e.id < cast(:first as bigint) + :batch
'''


def upgrade() -> None:
    for name in ('unit_id', 'coordinating_unit_id', 'place_id', 'person'):
        op.add_column('problem_ticket', sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column('problem_ticket', sa.Column('counts', sa.Boolean(), nullable=True))
    old, new = (', '.join(f'{row}.{one}' for one in _DECIDING) for row in ('old', 'new'))
    for name, body, when in (
        ('what_evidence_counts_by', OF_EVIDENCE, 'before insert on problem_ticket for each row'),
        ('evidence_of_ticket', OF_TICKET, f'after update on ticket for each row when (({old}) is distinct from ({new}))'),
    ):
        op.execute(f'create or replace function {name}() returns trigger language plpgsql as $body${body}$body$')
        op.execute(f'create or replace trigger {name} {when} execute function {name}()')
    op.create_table(
        'text_part_day',
        sa.Column('on_day', sa.Date(), nullable=False),
        sa.Column('account', sa.Text(), nullable=False),
        sa.Column('parts', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('on_day', 'account', name=op.f('pk_text_part_day')),
    )
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        lowest, highest = connection.execute(sa.text('select min(id), max(id) from problem_ticket')).one()
        if lowest is not None:
            for first in range(lowest, highest + 1, BATCH):
                connection.execute(sa.text(SO_FAR), {'first': first, 'batch': BATCH})
        for name, (table, columns, condition, kept) in _INDEXES.items():
            op.execute(f'drop index concurrently if exists {name}')
            op.create_index(name, table, columns, postgresql_concurrently=True, postgresql_where=sa.text(condition), postgresql_include=kept)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, (table, *_rest) in _INDEXES.items():
            op.drop_index(name, table_name=table, postgresql_concurrently=True)
    op.drop_table('text_part_day')
    op.execute('drop trigger evidence_of_ticket on ticket')
    op.execute('drop function evidence_of_ticket()')
    op.execute('drop trigger what_evidence_counts_by on problem_ticket')
    op.execute('drop function what_evidence_counts_by()')
    for name in ('counts', 'person', 'place_id', 'coordinating_unit_id', 'unit_id'):
        op.drop_column('problem_ticket', name)
