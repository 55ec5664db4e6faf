"""What agents' corrections teach of kinds of matter, and whether it is used."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0162'
down_revision = '0157'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('matter_learning',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('is_on', sa.Boolean(), nullable=False),
    sa.Column('corrections', sa.BigInteger(), nullable=False),
    sa.Column('kinds', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('waiting', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('by_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['staff.id'], name=op.f('fk_matter_learning_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_matter_learning'))
    )
    op.execute('create trigger rules_have_moved after insert or update or delete on matter_learning for each statement execute function rules_have_moved()')


def downgrade() -> None:
    op.execute('drop trigger rules_have_moved on matter_learning')
    op.drop_table('matter_learning')
