"""What a draft of rules would do, counted in the background: the count, how far it is, and what it found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0065'
down_revision = '0062'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rule_preview',
    sa.Column('staff_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('rules', sa.Text(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('heard_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('tickets', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('found', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('fault', sa.Text(), server_default='', nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['staff_id', 'kind', 'name'], ['rule_draft.staff_id', 'rule_draft.kind', 'rule_draft.name'], name=op.f('fk_rule_preview_staff_id_rule_draft'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('staff_id', 'kind', 'name', name=op.f('pk_rule_preview'))
    )
    op.create_index('ix_rule_preview_waiting', 'rule_preview', ['asked_at'], unique=False, postgresql_where=sa.text('ended_at is null'))


def downgrade() -> None:
    op.drop_index('ix_rule_preview_waiting', table_name='rule_preview', postgresql_where=sa.text('ended_at is null'))
    op.drop_table('rule_preview')
