"""Rows of long lists are found by parts of their words; people and procedures have indexes for it too.

What `folded_words` answers holds whatever a word ends with besides the word: a part is the beginning of one of them.
One that was broken off leaves an invalid index behind: it is dropped first, so that running this again mends it.
"""

import sqlalchemy as sa
from alembic import op

revision = '0150'
down_revision = '0162'
branch_labels = None
depends_on = None

_SPLIT = r"""regexp_split_to_array(lower(translate(
            regexp_replace(normalize(said, NFD), '[\u0300-\u036f]', '', 'g'), 'ĐđÐð', 'dddd')) collate "C", '[^0-9a-z]+')"""
_FOLDS = r"""
    create or replace function folded_words(said text) returns tsvector
    language plpgsql immutable strict parallel safe cost 2000 as $$
    begin
        return array_to_tsvector({});
    end $$
"""
# A word, and what is left of it behind each letter but the last; of a very long one, of its first sixty.
_PARTS = f"""array(
            select substr(word, start) from unnest({_SPLIT}) word, generate_series(1, greatest(1, least(length(word), 60) - 1)) start
            where word <> '')"""  # noqa: S608
_WHOLE = f"array_remove({_SPLIT}, '')"
_REBUILT = ('place_alias', 'street', 'landmark')
_NEW = {
    'ix_staff_sort_key_id': ('staff', ['sort_key', 'id'], {}),
    'ix_procedure_key': ('procedure', [sa.text('coalesce(code, name)')], {}),
}
_WORDS = {
    'staff': "name || ' ' || email",
    'procedure': "coalesce(code, '') || ' ' || name || ' ' || field || ' ' || decision_no",
}


def _rebuild():
    for table in _REBUILT:
        op.execute(f'drop index concurrently if exists ix_{table}_words_ccnew')
        op.execute(f'reindex index concurrently ix_{table}_words')


def upgrade() -> None:
    op.execute(_FOLDS.format(_PARTS))
    with op.get_context().autocommit_block():
        _rebuild()
        for name, (table, columns, more) in _NEW.items():
            op.execute(f'drop index concurrently if exists {name}')
            op.create_index(name, table, columns, postgresql_concurrently=True, **more)
        for table, columns in _WORDS.items():
            op.execute(f'drop index concurrently if exists ix_{table}_words')
            op.create_index(f'ix_{table}_words', table, [sa.text(f'folded_words({columns})')], postgresql_using='gin', postgresql_with={'fastupdate': 'off'}, postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for table in _WORDS:
            op.drop_index(f'ix_{table}_words', table_name=table, postgresql_concurrently=True)
        for name, (table, _columns, _more) in _NEW.items():
            op.drop_index(name, table_name=table, postgresql_concurrently=True)
    op.execute(_FOLDS.format(_WHOLE))
    with op.get_context().autocommit_block():
        _rebuild()
