"""What offices are entered with, and people who have a telephone and no mail box."""

import sqlalchemy as sa
from alembic import op

revision = '0107'
down_revision = '0104'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('one_stop_office', sa.Column('lat', sa.Float(), nullable=True))
    op.add_column('one_stop_office', sa.Column('lon', sa.Float(), nullable=True))
    op.add_column('one_stop_office', sa.Column('counters', sa.BigInteger(), nullable=True))
    op.add_column('one_stop_office', sa.Column('devices', sa.Text(), server_default='', nullable=False))
    op.add_column('one_stop_office', sa.Column('duty_staff', sa.Text(), server_default='', nullable=False))
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_staff_phone")
        op.create_index('ix_staff_phone', 'staff', ['phone'], postgresql_concurrently=True,
                        postgresql_where=sa.text('phone is not null'))
        op.execute("drop index concurrently if exists uq_staff_email_given")
        op.create_index('uq_staff_email_given', 'staff', [sa.literal_column('lower(email)')], unique=True,
                        postgresql_concurrently=True, postgresql_where=sa.text("email <> ''"))
        op.execute("drop index concurrently if exists uq_staff_email")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists uq_staff_email")
        op.create_index('uq_staff_email', 'staff', [sa.literal_column('lower(email)')], unique=True,
                        postgresql_concurrently=True)
        op.drop_index('uq_staff_email_given', table_name='staff', postgresql_concurrently=True)
        op.drop_index('ix_staff_phone', table_name='staff', postgresql_concurrently=True)
    for column in ('duty_staff', 'devices', 'counters', 'lon', 'lat'):
        op.drop_column('one_stop_office', column)
