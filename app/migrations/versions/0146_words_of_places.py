"""The words of other names, streets and landmarks, by which they are found in their lists.

One that was broken off leaves an invalid index behind: it is dropped first, so that running this again mends it.
"""

import sqlalchemy as sa
from alembic import op

revision = '0146'
down_revision = '0152'
branch_labels = None
depends_on = None

# In a language of its own, so that the planner takes it for as dear as it is.
_FOLDS = r"""
    create or replace function folded_words(said text) returns tsvector
    language plpgsql immutable strict parallel safe cost 2000 as $$
    begin
        return array_to_tsvector(array_remove(regexp_split_to_array(lower(translate(
            regexp_replace(normalize(said, NFD), '[\u0300-\u036f]', '', 'g'), 'ĐđÐð', 'dddd')) collate "C", '[^0-9a-z]+'), ''));
    end $$
"""
_COLUMNS = {
    'place_alias': "kind || ' ' || alias || ' ' || means || ' ' || note",
    'street': "name || ' ' || district || ' ' || source",
    'landmark': "name || ' ' || also || ' ' || kind || ' ' || district || ' ' || source",
}


def upgrade() -> None:
    op.execute(_FOLDS)
    with op.get_context().autocommit_block():
        for table, columns in _COLUMNS.items():
            op.execute(f'drop index concurrently if exists ix_{table}_words')
            op.create_index(f'ix_{table}_words', table, [sa.text(f'folded_words({columns})')], postgresql_using='gin', postgresql_with={'fastupdate': 'off'}, postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for table in _COLUMNS:
            op.drop_index(f'ix_{table}_words', table_name=table, postgresql_concurrently=True)
    op.execute('drop function folded_words')
