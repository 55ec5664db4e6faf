"""Proofs of the audit trail that somebody asked for: how far they are, and what was found."""

import sqlalchemy as sa
from alembic import op

revision = '0072'
down_revision = '0067'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit_verification',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('request_id', sa.Text(), server_default='', nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('quiet_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('checked', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('entries', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('broken_entry_id', sa.BigInteger(), nullable=True),
    sa.Column('changed_facts', sa.BigInteger(), nullable=True),
    sa.Column('fault', sa.Text(), server_default='', nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_audit_verification_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_verification'))
    )
    op.create_index('ix_audit_verification_waiting', 'audit_verification', ['id'], unique=False, postgresql_where=sa.text('ended_at is null'))


def downgrade() -> None:
    op.drop_index('ix_audit_verification_waiting', table_name='audit_verification', postgresql_where=sa.text('ended_at is null'))
    op.drop_table('audit_verification')
