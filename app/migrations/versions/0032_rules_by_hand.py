"""Drafts of rules, and new rules on their way to open tickets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0032'
down_revision = '0035'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rule_application',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('policies', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('begun_by_id', sa.BigInteger(), nullable=True),
    sa.Column('tickets', sa.BigInteger(), nullable=False),
    sa.Column('dates_moved', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('overdue', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['begun_by_id'], ['staff.id'], name=op.f('fk_rule_application_begun_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rule_application'))
    )
    op.create_index('ix_rule_application_unended', 'rule_application', ['id'], unique=False, postgresql_where=sa.text('ended_at is null'))
    op.create_table('rule_draft',
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('fields', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('seen_version', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_rule_draft_staff_id_staff'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('staff_id', 'kind', 'name', name=op.f('pk_rule_draft'))
    )
    op.create_table('rule_application_ticket',
    sa.Column('application_id', sa.BigInteger(), nullable=False),
    sa.Column('ticket_id', sa.BigInteger(), nullable=False),
    sa.Column('tries', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.ForeignKeyConstraint(['application_id'], ['rule_application.id'], name=op.f('fk_rule_application_ticket_application_id_rule_application'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_rule_application_ticket_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('application_id', 'ticket_id', name=op.f('pk_rule_application_ticket'))
    )
    op.create_index('ix_rule_application_ticket_tries', 'rule_application_ticket', ['application_id', 'tries', 'ticket_id'], unique=False)
    op.create_index(op.f('ix_rule_application_ticket_ticket_id'), 'rule_application_ticket', ['ticket_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_rule_application_ticket_ticket_id'), table_name='rule_application_ticket')
    op.drop_index('ix_rule_application_ticket_tries', table_name='rule_application_ticket')
    op.drop_table('rule_application_ticket')
    op.drop_table('rule_draft')
    op.drop_index('ix_rule_application_unended', table_name='rule_application', postgresql_where=sa.text('ended_at is null'))
    op.drop_table('rule_application')
