"""Accounts at telephone providers, as many as a city has."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0093'
down_revision = '0092'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('provider_account',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('account_sid', sa.Text(), nullable=False),
    sa.Column('secrets', sa.Text(), nullable=False),
    sa.Column('signature_header', sa.Text(), server_default='', nullable=False),
    sa.Column('api_base_url', sa.Text(), server_default='', nullable=False),
    sa.Column('capabilities', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('media_hosts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('voice', sa.Text(), server_default='', nullable=False),
    sa.Column('text_sender', sa.Text(), server_default='', nullable=False),
    sa.Column('call_sender', sa.Text(), server_default='', nullable=False),
    sa.Column('longest_text', sa.BigInteger(), nullable=False),
    sa.Column('templates', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('asked_in_order', sa.BigInteger(), server_default=sa.text('100'), nullable=False),
    sa.Column('rate_text', sa.Numeric(), nullable=True),
    sa.Column('rate_minute', sa.Numeric(), nullable=True),
    sa.Column('currency', sa.Text(), server_default='VND', nullable=False),
    sa.Column('country', sa.Text(), nullable=False),
    sa.Column('decision_no', sa.Text(), server_default='', nullable=False),
    sa.Column('off_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('two_tokens_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("name ~ '^[a-z][a-z0-9-]{0,39}$'", name=op.f('ck_provider_account_name')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_provider_account')),
    sa.UniqueConstraint('name', name=op.f('uq_provider_account_name'))
    )


def downgrade() -> None:
    op.drop_table('provider_account')
