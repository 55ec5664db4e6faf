"""Decisions that a unit works with the product; whoever works with it already goes on as before."""

import sqlalchemy as sa
from alembic import op

revision = '0111'
down_revision = '0089'
branch_labels = None
depends_on = None

# A city that has tickets, or shows the invented one: its bodies receive what is theirs, and go on doing so.
IN_USE = """
insert into going_live (unit_id, is_live, on_day, reason, decided_at)
select id, true, current_date - 1, '', now() from unit
where valid_to is null and kind not in ('district', 'province', 'township')
  and (exists (select from ticket) or exists (select from staff where is_demo))
order by id
"""


def upgrade() -> None:
    op.create_table('going_live',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('is_live', sa.Boolean(), nullable=False),
    sa.Column('on_day', sa.Date(), nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('decided_by_id', sa.BigInteger(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("is_live or reason <> ''", name=op.f('ck_going_live_reason')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['staff.id'], name=op.f('fk_going_live_decided_by_id_staff')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_going_live_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_going_live'))
    )
    op.create_index('ix_going_live_unit_id', 'going_live', ['unit_id', 'id'], unique=False)
    op.execute(IN_USE)
    op.execute('create trigger rules_have_moved after insert or update or delete on going_live for each statement execute function rules_have_moved()')


def downgrade() -> None:
    op.execute('drop trigger rules_have_moved on going_live')
    op.drop_table('going_live')
