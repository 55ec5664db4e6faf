"""Other names of places, streets and landmarks as rows; answers that are prepared."""

import sqlalchemy as sa
from alembic import op

revision = '0117'
down_revision = '0125'
branch_labels = None
depends_on = None

PLACES = ('place_alias', 'street', 'street_ward', 'landmark')


def upgrade() -> None:
    op.create_table('place_alias',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('alias', sa.Text(), nullable=False),
    sa.Column('means', sa.Text(), server_default='', nullable=False),
    sa.Column('note', sa.Text(), server_default='', nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind in ('city', 'province', 'district', 'earlier_district', 'everyday', 'shared', 'elsewhere', 'heard')", name=op.f('ck_place_alias_kind')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_place_alias')),
    sa.UniqueConstraint('kind', 'alias', name=op.f('uq_place_alias_kind_alias'))
    )
    op.create_table('street',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('district', sa.Text(), server_default='', nullable=False),
    sa.Column('source', sa.Text(), server_default='', nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_street')),
    sa.UniqueConstraint('name', 'district', name=op.f('uq_street_name_district'))
    )
    op.create_table('street_ward',
    sa.Column('street_id', sa.BigInteger(), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['street_id'], ['street.id'], name=op.f('fk_street_ward_street_id_street'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_street_ward_unit_id_unit')),
    sa.PrimaryKeyConstraint('street_id', 'unit_id', name=op.f('pk_street_ward'))
    )
    op.create_index('ix_street_ward_unit_id', 'street_ward', ['unit_id'], unique=False)
    op.create_table('landmark',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('also', sa.Text(), server_default='', nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('district', sa.Text(), server_default='', nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('lat', sa.Float(), nullable=True),
    sa.Column('lon', sa.Float(), nullable=True),
    sa.Column('source', sa.Text(), server_default='', nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_landmark_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_landmark')),
    sa.UniqueConstraint('name', 'district', name=op.f('uq_landmark_name_district'))
    )
    op.create_index('ix_landmark_unit_id', 'landmark', ['unit_id'], unique=False)
    op.create_table('prepared_answer',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=True),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('body_en', sa.Text(), server_default='', nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_prepared_answer_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_prepared_answer'))
    )
    op.create_index('uq_prepared_answer_title', 'prepared_answer', ['unit_id', 'title'], unique=True, postgresql_nulls_not_distinct=True)
    op.execute('create or replace trigger rules_have_moved after insert or update or delete on prepared_answer for each statement execute function rules_have_moved()')
    for table in PLACES:
        op.execute(f'create or replace trigger places_have_moved after insert or update or delete on {table} for each statement execute function places_have_moved()')
    with op.get_context().autocommit_block():
        for name, of in (('name', 'name'), ('unit', sa.text("(after ->> 'unit')")), ('code', sa.text("(after ->> 'code')"))):
            op.execute(f'drop index concurrently if exists ix_file_import_row_{name}')
            op.create_index(f'ix_file_import_row_{name}', 'file_import_row', [of], postgresql_concurrently=True)


def downgrade() -> None:
    op.execute('drop trigger rules_have_moved on prepared_answer')
    for table in PLACES:
        op.execute(f'drop trigger places_have_moved on {table}')
    op.drop_table('prepared_answer')
    op.drop_table('landmark')
    op.drop_table('street_ward')
    op.drop_table('street')
    op.drop_table('place_alias')
    with op.get_context().autocommit_block():
        for name in ('name', 'unit', 'code'):
            op.drop_index(f'ix_file_import_row_{name}', table_name='file_import_row', postgresql_concurrently=True)
