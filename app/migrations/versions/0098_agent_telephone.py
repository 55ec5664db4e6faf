"""By which telephone an agent talks, when a browser's was last heard of, and which accounts ring browsers and SIP."""

import sqlalchemy as sa
from alembic import op

revision = '0098'
down_revision = '0111'
branch_labels = None
depends_on = None

_CAN = """
    update provider_account set capabilities = capabilities || '["{can}"]'::jsonb
    where kind in ({kinds}) and not capabilities ? '{can}'
"""


def upgrade() -> None:
    op.create_table('agent_telephone',
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Enum('browser', 'sip', 'number', name='telephone_kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('address', sa.Text(), server_default='', nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_agent_telephone_staff_id_staff'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('staff_id', name=op.f('pk_agent_telephone'))
    )
    op.add_column('presence', sa.Column('telephone_at', sa.DateTime(timezone=True), nullable=True))
    op.execute(_CAN.format(can='client', kinds="'twilio'"))
    op.execute(_CAN.format(can='sip', kinds="'own_trunk', 'somleng'"))


def downgrade() -> None:
    op.drop_column('presence', 'telephone_at')
    op.drop_table('agent_telephone')
