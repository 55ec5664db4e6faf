"""Instructions as tasks of the units, and levels that were passed to a colleague."""

import sqlalchemy as sa
from alembic import op

revision = '0047'
down_revision = '0046'
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def _id() -> sa.Column:
    return sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _number(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _to(table: str, name: str, other: str, **more: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [f'{other}.id'], name=op.f(f'fk_{table}_{name}_{other}'), **more)


def upgrade() -> None:
    op.create_table(
        'instruction',
        _id(), _number('step_id'), _number('ticket_id'), _number('given_by_id'),
        sa.Column('given_at', _AT, nullable=False),
        sa.Column('words', sa.Text(), nullable=False),
        sa.Column('due_at', _AT, nullable=False),
        _number('unit_id'), _number('to_staff_id', nullable=True),
        sa.Column('answered_at', _AT, nullable=True),
        _number('answered_by_id', nullable=True),
        sa.Column('answer', sa.Text(), server_default='', nullable=False),
        sa.Column('broken_at', _AT, nullable=True),
        sa.Column('ended_at', _AT, nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_instruction')),
        _to('instruction', 'step_id', 'planned_step', ondelete='CASCADE'),
        _to('instruction', 'ticket_id', 'ticket', ondelete='CASCADE'),
        _to('instruction', 'given_by_id', 'staff'),
        _to('instruction', 'unit_id', 'unit'),
        _to('instruction', 'to_staff_id', 'staff'),
        _to('instruction', 'answered_by_id', 'staff'),
    )
    op.create_index(op.f('ix_instruction_ticket_id'), 'instruction', ['ticket_id'])
    op.create_index('ix_instruction_given_at', 'instruction', ['given_at'])
    op.create_index('ix_instruction_unanswered', 'instruction', ['due_at'], postgresql_where=sa.text('answered_at is null and broken_at is null and ended_at is null'))
    op.create_table(
        'delegation',
        _id(), _number('step_id'), _number('from_id'), _number('to_id'),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('at', _AT, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_delegation')),
        sa.UniqueConstraint('step_id', 'from_id', 'to_id', name=op.f('uq_delegation_step_id_from_id_to_id')),
        _to('delegation', 'step_id', 'planned_step', ondelete='CASCADE'),
        _to('delegation', 'from_id', 'staff'),
        _to('delegation', 'to_id', 'staff'),
    )


def downgrade() -> None:
    op.drop_table('delegation')
    op.drop_table('instruction')
