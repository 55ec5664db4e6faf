"""Whether a row names a stored file is asked for each that came with a form, a day later.

An index that was broken off is left invalid: it is dropped first, so that running this again mends it.
"""

from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_attachment_storage_key")
        op.create_index(op.f('ix_attachment_storage_key'), 'attachment', ['storage_key'], postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(op.f('ix_attachment_storage_key'), table_name='attachment', postgresql_concurrently=True)
