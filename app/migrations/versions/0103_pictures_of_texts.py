"""Texts keep which of their pictures are still to be fetched, and when."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0103'
down_revision = '0102'
branch_labels = None
depends_on = None

NAME = 'ix_inbound_sms_pictures_due'


def upgrade() -> None:
    op.add_column('inbound_sms', sa.Column('pictures', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False))
    op.add_column('inbound_sms', sa.Column('pictures_due_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('inbound_sms', sa.Column('picture_rounds', sa.BigInteger(), server_default=sa.text('0'), nullable=False))
    with op.get_context().autocommit_block():
        op.execute(f"drop index concurrently if exists {NAME}")
        op.create_index(NAME, 'inbound_sms', ['pictures_due_at'], postgresql_concurrently=True, postgresql_where=sa.text('pictures_due_at is not null'))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, table_name='inbound_sms', postgresql_concurrently=True)
    op.drop_column('inbound_sms', 'picture_rounds')
    op.drop_column('inbound_sms', 'pictures_due_at')
    op.drop_column('inbound_sms', 'pictures')
