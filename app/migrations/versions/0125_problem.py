"""Arising problems: accumulations that were noticed, with the tickets that show them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0125'
down_revision = '0124'
branch_labels = None
depends_on = None

_STATES = ('proposed', 'open', 'closed', 'dismissed')


def upgrade() -> None:
    op.create_table('problem',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('state', sa.Enum(*_STATES, name='problem_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('category_id', sa.BigInteger(), nullable=True),
    sa.Column('procedure_id', sa.BigInteger(), nullable=True),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('unit_ids', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('usual', sa.Float(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('owner_id', sa.BigInteger(), nullable=True),
    sa.Column('owned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reported_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by_id', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('guidance_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['category_id'], ['category.id'], name=op.f('fk_problem_category_id_category')),
    sa.ForeignKeyConstraint(['ended_by_id'], ['staff.id'], name=op.f('fk_problem_ended_by_id_staff')),
    sa.ForeignKeyConstraint(['guidance_id'], ['guidance.id'], name=op.f('fk_problem_guidance_id_guidance')),
    sa.ForeignKeyConstraint(['owner_id'], ['staff.id'], name=op.f('fk_problem_owner_id_staff')),
    sa.ForeignKeyConstraint(['procedure_id'], ['procedure.id'], name=op.f('fk_problem_procedure_id_procedure')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_problem_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_problem'))
    )
    op.create_index('ix_problem_state', 'problem', ['state', 'id'], unique=False)
    op.create_index('uq_problem_standing', 'problem', ['key'], unique=True, postgresql_where=sa.text("state in ('proposed', 'open')"))
    op.create_table('problem_ticket',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('problem_id', sa.BigInteger(), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['problem_id'], ['problem.id'], name=op.f('fk_problem_ticket_problem_id_problem'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_problem_ticket_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_problem_ticket')),
    sa.UniqueConstraint('problem_id', 'ticket_id', name=op.f('uq_problem_ticket_problem_id_ticket_id'))
    )
    op.create_index(op.f('ix_problem_ticket_ticket_id'), 'problem_ticket', ['ticket_id'], unique=False)


def downgrade() -> None:
    op.drop_table('problem_ticket')
    op.drop_table('problem')
