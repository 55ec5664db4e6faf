"""The catalogue of procedures as a duty: stages with their days, shares by month, dossiers by year."""

import sqlalchemy as sa
from alembic import op

revision = '0121'
down_revision = '0120'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('procedure', sa.Column('online_level', sa.Text(), server_default='', nullable=False))
    op.add_column('procedure', sa.Column('for_business', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.create_table('catalogue_step',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('procedure_id', sa.BigInteger(), nullable=False),
    sa.Column('stage', sa.Enum('announced', 'proposed', 'published', 'internal', 'electronic', 'national', name='catalogue_stage', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('on_day', sa.Date(), nullable=True),
    sa.Column('document_no', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('entered_by_id', sa.BigInteger(), nullable=True),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("on_day is not null or reason <> ''", name=op.f('ck_catalogue_step_reason')),
    sa.ForeignKeyConstraint(['entered_by_id'], ['staff.id'], name=op.f('fk_catalogue_step_entered_by_id_staff')),
    sa.ForeignKeyConstraint(['procedure_id'], ['procedure.id'], name=op.f('fk_catalogue_step_procedure_id_procedure')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_catalogue_step'))
    )
    op.create_index('ix_catalogue_step_procedure_id', 'catalogue_step', ['procedure_id', 'id'], unique=False)
    op.create_table('catalogue_month',
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('procedures', sa.BigInteger(), nullable=False),
    sa.Column('boundary_free', sa.BigInteger(), nullable=False),
    sa.Column('online', sa.BigInteger(), nullable=False),
    sa.Column('of_business', sa.BigInteger(), nullable=False),
    sa.Column('of_business_online', sa.BigInteger(), nullable=False),
    sa.Column('counted_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_catalogue_month_unit_id_unit')),
    sa.PrimaryKeyConstraint('month', 'unit_id', name=op.f('pk_catalogue_month'))
    )
    op.create_index('ix_catalogue_month_unit_id', 'catalogue_month', ['unit_id'], unique=False)
    op.create_table('procedure_year',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('procedure_id', sa.BigInteger(), nullable=False),
    sa.Column('year', sa.BigInteger(), nullable=False),
    sa.Column('dossiers', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('dossiers >= 0', name=op.f('ck_procedure_year_dossiers')),
    sa.ForeignKeyConstraint(['procedure_id'], ['procedure.id'], name=op.f('fk_procedure_year_procedure_id_procedure')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_procedure_year')),
    sa.UniqueConstraint('procedure_id', 'year', name=op.f('uq_procedure_year_procedure_id_year'))
    )


def downgrade() -> None:
    op.drop_table('procedure_year')
    op.drop_table('catalogue_month')
    op.drop_table('catalogue_step')
    op.drop_column('procedure', 'for_business')
    op.drop_column('procedure', 'online_level')
