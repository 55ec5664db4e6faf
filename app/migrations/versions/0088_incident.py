"""Incidents: a bulletin for an area, and everybody who is told when it is over."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0088'
down_revision = '0093'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('incident',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('master_id', sa.BigInteger(), nullable=False),
    sa.Column('unit_ids', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('category_id', sa.BigInteger(), nullable=True),
    sa.Column('bulletin_vi', sa.Text(), nullable=False),
    sa.Column('bulletin_en', sa.Text(), nullable=False),
    sa.Column('is_disaster', sa.Boolean(), nullable=False),
    sa.Column('most_waiting', sa.BigInteger(), nullable=True),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('set_by_id', sa.BigInteger(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by_id', sa.BigInteger(), nullable=True),
    sa.Column('cause', sa.Text(), server_default='', nullable=False),
    sa.Column('closing_vi', sa.Text(), server_default='', nullable=False),
    sa.Column('closing_en', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint('expires_at > starts_at', name=op.f('ck_incident_range')),
    sa.ForeignKeyConstraint(['category_id'], ['category.id'], name=op.f('fk_incident_category_id_category')),
    sa.ForeignKeyConstraint(['ended_by_id'], ['staff.id'], name=op.f('fk_incident_ended_by_id_staff')),
    sa.ForeignKeyConstraint(['master_id'], ['ticket.id'], name=op.f('fk_incident_master_id_ticket'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['set_by_id'], ['staff.id'], name=op.f('fk_incident_set_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident'))
    )
    op.create_index(op.f('ix_incident_master_id'), 'incident', ['master_id'], unique=False)
    op.create_index('ix_incident_runs', 'incident', ['expires_at'], unique=False, postgresql_where=sa.text('ended_at is null'))
    op.create_table('incident_person',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('incident_id', sa.BigInteger(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('channel', sa.Enum('voice', 'sms', 'web', 'api', 'manual', name='channel', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('locale', sa.Text(), nullable=False),
    sa.Column('contact_id', sa.BigInteger(), nullable=True),
    sa.Column('ticket_id', sa.BigInteger(), nullable=True),
    sa.Column('counted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('linked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told_by', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_incident_person_contact_id_contact')),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_incident_person_incident_id_incident'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_incident_person_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident_person')),
    sa.UniqueConstraint('incident_id', 'address', name=op.f('uq_incident_person_incident_id_address'))
    )
    op.create_index(op.f('ix_incident_person_contact_id'), 'incident_person', ['contact_id'], unique=False)
    op.create_index(op.f('ix_incident_person_ticket_id'), 'incident_person', ['ticket_id'], unique=False)
    op.create_index('ix_incident_person_untold', 'incident_person', ['incident_id', 'id'], unique=False, postgresql_where=sa.text('told_at is null'))
    op.create_index('ix_incident_person_unlinked', 'incident_person', ['id'], unique=False, postgresql_where=sa.text('ticket_id is not null and linked_at is null'))
    op.execute('create trigger rules_have_moved after insert or update or delete on incident for each statement execute function rules_have_moved()')


def downgrade() -> None:
    op.drop_table('incident_person')
    op.execute('drop trigger rules_have_moved on incident')
    op.drop_table('incident')
