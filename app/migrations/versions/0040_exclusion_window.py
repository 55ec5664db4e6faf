"""Time that counts for no promise, decided by two people and kept: announced work and outages of ours (R16)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0040'
down_revision = '0039'
branch_labels = None
depends_on = None

WINDOW_STAYS = '''
begin
    if tg_op = 'DELETE' then
        raise insufficient_privilege using message = 'time taken out of promises is a fact: it is not deleted';
    end if;
    if old.decided_at is not null and to_jsonb(new) - array['walked_to', 'is_last_walk', 'applied_at']
        is distinct from to_jsonb(old) - array['walked_to', 'is_last_walk', 'applied_at'] then
        raise insufficient_privilege using message = 'time taken out of promises was decided: it is not changed';
    end if;
    return new;
end
'''


def upgrade() -> None:
    op.create_table('exclusion_window',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('to_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('clocks', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('holds_reports', sa.Boolean(), nullable=False),
    sa.Column('asked_by_id', sa.BigInteger(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by_id', sa.BigInteger(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('is_approved', sa.Boolean(), nullable=True),
    sa.Column('walked_to', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('is_last_walk', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('to_at > from_at', name=op.f('ck_exclusion_window_range')),
    sa.CheckConstraint('decided_by_id <> asked_by_id', name=op.f('ck_exclusion_window_another_decides')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['staff.id'], name=op.f('fk_exclusion_window_asked_by_id_staff')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['staff.id'], name=op.f('fk_exclusion_window_decided_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exclusion_window'))
    )
    op.create_index('ix_exclusion_window_to_at', 'exclusion_window', ['to_at'])
    op.create_index('ix_exclusion_window_unapplied', 'exclusion_window', ['id'], postgresql_where=sa.text('is_approved and applied_at is null'))
    op.create_table('exclusion_credit',
    sa.Column('window_id', sa.BigInteger(), nullable=False),
    sa.Column('clock_id', sa.BigInteger(), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('seconds', sa.BigInteger(), nullable=False),
    sa.Column('due_before', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['clock_id'], ['clock.id'], name=op.f('fk_exclusion_credit_clock_id_clock'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_exclusion_credit_ticket_id_ticket'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['window_id'], ['exclusion_window.id'], name=op.f('fk_exclusion_credit_window_id_exclusion_window')),
    sa.PrimaryKeyConstraint('window_id', 'clock_id', name=op.f('pk_exclusion_credit'))
    )
    op.create_index(op.f('ix_exclusion_credit_clock_id'), 'exclusion_credit', ['clock_id'])
    op.create_index(op.f('ix_exclusion_credit_ticket_id'), 'exclusion_credit', ['ticket_id'])
    op.execute(f'create or replace function window_stays() returns trigger language plpgsql as $body${WINDOW_STAYS}$body$')
    op.execute('create or replace trigger window_stays before update or delete on exclusion_window for each row execute function window_stays()')


def downgrade() -> None:
    op.execute('drop trigger window_stays on exclusion_window')
    op.execute('drop function window_stays()')
    op.drop_table('exclusion_credit')
    op.drop_table('exclusion_window')
