"""What came to us and told of nothing that anybody could work on."""

import sqlalchemy as sa
from alembic import op

revision = '0129'
down_revision = '0128'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('noise_contact',
    sa.Column('contact_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('said', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('rules_version', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('locale', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('looked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('looked_by_id', sa.BigInteger(), nullable=True),
    sa.Column('ticket_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_noise_contact_contact_id_contact')),
    sa.ForeignKeyConstraint(['looked_by_id'], ['staff.id'], name=op.f('fk_noise_contact_looked_by_id_staff')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_noise_contact_ticket_id_ticket')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_noise_contact_unit_id_unit')),
    sa.PrimaryKeyConstraint('contact_id', name=op.f('pk_noise_contact'))
    )
    op.create_index('ix_noise_contact_unit', 'noise_contact', ['unit_id', 'contact_id'], unique=False)
    op.create_index('ix_noise_contact_unlooked', 'noise_contact', ['unit_id', 'contact_id'], unique=False, postgresql_where=sa.text('looked_at is null'))
    op.create_index(op.f('ix_noise_contact_ticket_id'), 'noise_contact', ['ticket_id'], unique=False)


def downgrade() -> None:
    op.drop_table('noise_contact')
