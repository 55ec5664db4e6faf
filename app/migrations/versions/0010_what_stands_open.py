"""What stands open of escalation, for boards and lists; filled with what runs now.

A level that an older process raises meanwhile is missing until the nightly check.
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0015'
branch_labels = None
depends_on = None

_LEVELS = """
    insert into standing_level (clock_id, ticket_id, step_id, level, due_at, clock_kind, breach_cause, is_answered)
    select c.id, c.ticket_id, s.id, s.rank, s.due_at, c.kind, c.breach_cause,
           exists (select from acknowledgement a where a.step_id = s.id)
    from clock c
    cross join lateral (
        select id, rank, due_at from planned_step
        where clock_id = c.id and kind = 'level' and fired_at is not null and result <> 'void' and due_at = c.due_at
        order by rank desc, id desc limit 1
    ) s
    where c.status = 'running'
"""
_REPORTS = """
    insert into standing_report (clock_id, staff_id, ticket_id, step_id, level, due_at, is_answered)
    select distinct on (s.clock_id, r.staff_id) s.clock_id, r.staff_id, s.ticket_id, s.id, s.rank, s.due_at,
           exists (select from acknowledgement a where a.step_id = s.id)
    from clock c
    join planned_step s on s.clock_id = c.id and s.kind = 'level' and s.fired_at is not null and s.result <> 'void'
    join step_recipient r on r.step_id = s.id
    where c.status = 'running'
    order by s.clock_id, r.staff_id, s.rank desc, s.id desc
"""


def upgrade() -> None:
    op.create_table('standing_level',
    sa.Column('clock_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('step_id', sa.BigInteger(), nullable=False),
    sa.Column('level', sa.BigInteger(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('clock_kind', sa.Enum('accept', 'first', 'next', 'update', 'resolve', 'dispute', 'appeal', name='clock_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('breach_cause', sa.Text(), nullable=False),
    sa.Column('is_answered', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['clock_id'], ['clock.id'], name=op.f('fk_standing_level_clock_id_clock'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_standing_level_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('clock_id', name=op.f('pk_standing_level'))
    )
    op.create_index('ix_standing_level_order', 'standing_level', [sa.literal_column('level desc'), 'due_at', 'step_id'], unique=False, postgresql_include=['ticket_id', 'clock_kind', 'breach_cause', 'is_answered'])
    op.create_index(op.f('ix_standing_level_ticket_id'), 'standing_level', ['ticket_id'], unique=False)
    op.create_table('standing_report',
    sa.Column('clock_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('staff_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('step_id', sa.BigInteger(), nullable=False),
    sa.Column('level', sa.BigInteger(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('is_answered', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['clock_id'], ['clock.id'], name=op.f('fk_standing_report_clock_id_clock'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_standing_report_staff_id_staff')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_standing_report_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('clock_id', 'staff_id', name=op.f('pk_standing_report'))
    )
    op.create_index('ix_standing_report_order', 'standing_report', ['staff_id', 'is_answered', sa.literal_column('level desc'), 'due_at', 'step_id'], unique=False, postgresql_include=['ticket_id'])
    op.create_index(op.f('ix_standing_report_ticket_id'), 'standing_report', ['ticket_id'], unique=False)
    op.execute(_LEVELS)
    op.execute(_REPORTS)


def downgrade() -> None:
    op.drop_index(op.f('ix_standing_report_ticket_id'), table_name='standing_report')
    op.drop_index('ix_standing_report_order', table_name='standing_report', postgresql_include=['ticket_id'])
    op.drop_table('standing_report')
    op.drop_index(op.f('ix_standing_level_ticket_id'), table_name='standing_level')
    op.drop_index('ix_standing_level_order', table_name='standing_level', postgresql_include=['ticket_id', 'clock_kind', 'breach_cause', 'is_answered'])
    op.drop_table('standing_level')
