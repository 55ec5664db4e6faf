"""By which ways a person is reached, in their order and hours, and whether each is proved."""

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0028'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('contact_method',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Enum('sms', 'email', 'voice', 'screen', name='outbound_channel', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('from_hour', sa.BigInteger(), nullable=True),
    sa.Column('to_hour', sa.BigInteger(), nullable=True),
    sa.Column('verified_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('code_hash', sa.Text(), server_default='', nullable=False),
    sa.Column('code_sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('code_tries', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.CheckConstraint("kind <> 'screen'", name=op.f('ck_contact_method_leaves_the_house')),
    sa.CheckConstraint('from_hour >= 0 and from_hour <= 23 and to_hour >= 1 and to_hour <= 24', name=op.f('ck_contact_method_hours')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_contact_method_staff_id_staff'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_method')),
    sa.UniqueConstraint('staff_id', 'kind', name=op.f('uq_contact_method_staff_id_kind'))
    )


def downgrade() -> None:
    op.drop_table('contact_method')
