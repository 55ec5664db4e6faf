"""Guidance: what a leader has decided to answer to everybody who asks the same."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0124'
down_revision = '0131'
branch_labels = None
depends_on = None

_STATES = ('drafted', 'submitted', 'approved', 'issued', 'withdrawn')


def upgrade() -> None:
    op.create_table('guidance',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('state', sa.Enum(*_STATES, name='guidance_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('question_vi', sa.Text(), nullable=False),
    sa.Column('question_en', sa.Text(), nullable=False),
    sa.Column('answer_vi', sa.Text(), nullable=False),
    sa.Column('answer_en', sa.Text(), nullable=False),
    sa.Column('spoken_vi', sa.Text(), server_default='', nullable=False),
    sa.Column('spoken_en', sa.Text(), server_default='', nullable=False),
    sa.Column('search_key', sa.Text(), nullable=False),
    sa.Column('unit_ids', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('category_id', sa.BigInteger(), nullable=True),
    sa.Column('procedure_id', sa.BigInteger(), nullable=True),
    sa.Column('words', sa.Text(), server_default='', nullable=False),
    sa.Column('drafted_by_id', sa.BigInteger(), nullable=False),
    sa.Column('drafted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_by_id', sa.BigInteger(), nullable=True),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('return_reason', sa.Text(), server_default='', nullable=False),
    sa.Column('approved_by_id', sa.BigInteger(), nullable=True),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('signed_by', sa.Text(), server_default='', nullable=False),
    sa.Column('decision_no', sa.Text(), server_default='', nullable=False),
    sa.Column('decided_on', sa.Date(), nullable=True),
    sa.Column('issued_by_id', sa.BigInteger(), nullable=True),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_by_id', sa.BigInteger(), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawal_reason', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['approved_by_id'], ['staff.id'], name=op.f('fk_guidance_approved_by_id_staff')),
    sa.ForeignKeyConstraint(['category_id'], ['category.id'], name=op.f('fk_guidance_category_id_category')),
    sa.ForeignKeyConstraint(['drafted_by_id'], ['staff.id'], name=op.f('fk_guidance_drafted_by_id_staff')),
    sa.ForeignKeyConstraint(['issued_by_id'], ['staff.id'], name=op.f('fk_guidance_issued_by_id_staff')),
    sa.ForeignKeyConstraint(['procedure_id'], ['procedure.id'], name=op.f('fk_guidance_procedure_id_procedure')),
    sa.ForeignKeyConstraint(['submitted_by_id'], ['staff.id'], name=op.f('fk_guidance_submitted_by_id_staff')),
    sa.ForeignKeyConstraint(['withdrawn_by_id'], ['staff.id'], name=op.f('fk_guidance_withdrawn_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_guidance'))
    )
    op.create_index('ix_guidance_state', 'guidance', ['state', 'id'], unique=False)
    op.create_table('guidance_ticket',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('guidance_id', sa.BigInteger(), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('linked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('linked_by_id', sa.BigInteger(), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('asked_by_id', sa.BigInteger(), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('result', sa.Text(), server_default='', nullable=False),
    sa.Column('told_key', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['asked_by_id'], ['staff.id'], name=op.f('fk_guidance_ticket_asked_by_id_staff')),
    sa.ForeignKeyConstraint(['guidance_id'], ['guidance.id'], name=op.f('fk_guidance_ticket_guidance_id_guidance'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['linked_by_id'], ['staff.id'], name=op.f('fk_guidance_ticket_linked_by_id_staff')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_guidance_ticket_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_guidance_ticket')),
    sa.UniqueConstraint('guidance_id', 'ticket_id', name=op.f('uq_guidance_ticket_guidance_id_ticket_id'))
    )
    op.create_index(op.f('ix_guidance_ticket_ticket_id'), 'guidance_ticket', ['ticket_id'], unique=False)
    op.create_index('ix_guidance_ticket_told', 'guidance_ticket', ['guidance_id', 'told_key'], unique=False,
        postgresql_where=sa.text("told_key <> ''"))
    op.create_index('ix_guidance_ticket_waiting', 'guidance_ticket', ['asked_at', 'id'], unique=False,
        postgresql_where=sa.text('asked_at is not null and done_at is null'))
    op.create_table('guidance_use',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('guidance_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Enum('beside', 'public', 'spoken', name='guidance_use_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('thing', sa.Text(), nullable=False),
    sa.Column('number', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.ForeignKeyConstraint(['guidance_id'], ['guidance.id'], name=op.f('fk_guidance_use_guidance_id_guidance'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_guidance_use')),
    sa.UniqueConstraint('guidance_id', 'kind', 'thing', name=op.f('uq_guidance_use_guidance_id_kind_thing'))
    )
    op.execute('create trigger rules_have_moved after insert or update or delete on guidance for each statement execute function rules_have_moved()')


def downgrade() -> None:
    op.drop_table('guidance_use')
    op.drop_table('guidance_ticket')
    op.execute('drop trigger rules_have_moved on guidance')
    op.drop_table('guidance')
