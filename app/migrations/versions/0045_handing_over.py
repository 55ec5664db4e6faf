"""Hand-over notes of turns, secret addresses for calendars, and whose turn begins at hand."""

import sqlalchemy as sa
from alembic import op

revision = '0045'
down_revision = '0044'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("drop index concurrently if exists ix_shift_starts_at")
        op.create_index('ix_shift_starts_at', 'shift', ['starts_at'], postgresql_concurrently=True)
    op.create_table('handover_note',
    sa.Column('shift_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('draft', sa.Text(), server_default='', nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['shift_id'], ['shift.id'], name=op.f('fk_handover_note_shift_id_shift'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('shift_id', name=op.f('pk_handover_note'))
    )
    op.create_table('rota_feed',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('token_hash', sa.Text(), nullable=False),
    sa.Column('staff_id', sa.BigInteger(), nullable=False),
    sa.Column('post_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_rota_feed_post_id_post')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_rota_feed_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rota_feed')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_rota_feed_token_hash'))
    )
    op.create_index(op.f('ix_rota_feed_post_id'), 'rota_feed', ['post_id'], unique=False)
    op.create_index(op.f('ix_rota_feed_staff_id'), 'rota_feed', ['staff_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_rota_feed_staff_id'), table_name='rota_feed')
    op.drop_index(op.f('ix_rota_feed_post_id'), table_name='rota_feed')
    op.drop_table('rota_feed')
    op.drop_table('handover_note')
    with op.get_context().autocommit_block():
        op.drop_index('ix_shift_starts_at', table_name='shift', postgresql_concurrently=True)
