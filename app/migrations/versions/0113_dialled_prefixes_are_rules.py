"""Prefixes are known with the rules: whoever fills in a form is told by them without a statement of its own."""

from alembic import op

revision = '0113'
down_revision = '0103'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('create trigger rules_have_moved after insert or update or delete on dialled_prefix for each statement execute function rules_have_moved()')


def downgrade() -> None:
    op.execute('drop trigger rules_have_moved on dialled_prefix')
