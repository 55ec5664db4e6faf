"""What rings at an agent: a caller, or a colleague who asks to speak with them first."""

import sqlalchemy as sa
from alembic import op

revision = '0094'
down_revision = '0109'
branch_labels = None
depends_on = None

_PURPOSE = sa.Enum('call', 'consult', name='offer_purpose', native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.add_column('offer', sa.Column('purpose', _PURPOSE, server_default='call', nullable=False))


def downgrade() -> None:
    op.drop_column('offer', 'purpose')
