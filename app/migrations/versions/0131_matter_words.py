"""The words by which texts are read, as rows in published versions."""

import sqlalchemy as sa
from alembic import op

revision = '0131'
down_revision = '0122'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('matter_version',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['created_by_id'], ['staff.id'], name=op.f('fk_matter_version_created_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_matter_version')),
    sa.UniqueConstraint('number', name=op.f('uq_matter_version_number'))
    )
    op.create_table('matter_row',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('list_name', sa.Text(), nullable=False),
    sa.Column('says', sa.Text(), nullable=False),
    sa.Column('weight', sa.BigInteger(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('from_number', sa.BigInteger(), nullable=False),
    sa.Column('until_number', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_matter_row'))
    )
    op.create_index('ix_matter_row_in_force', 'matter_row', ['position'], unique=False, postgresql_where=sa.text('until_number is null'))
    op.create_index(op.f('ix_matter_row_from_number'), 'matter_row', ['from_number'], unique=False)
    op.create_index(op.f('ix_matter_row_until_number'), 'matter_row', ['until_number'], unique=False)
    op.execute('create trigger rules_have_moved after insert or update or delete on matter_version for each statement execute function rules_have_moved()')


def downgrade() -> None:
    op.execute('drop trigger rules_have_moved on matter_version')
    op.drop_table('matter_row')
    op.drop_table('matter_version')
