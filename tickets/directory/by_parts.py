"""Rows found by parts of their words, with or without marks, read from an index of the words of their table."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, cast, false, literal, literal_column
from sqlalchemy.dialects.postgresql import TSQUERY


def has_parts(indexed_words: str, words: Sequence[str]) -> ColumnElement[bool]:
    """Each of these folded words stands somewhere in a word of the row; without any, in none.

    The index holds whatever a word ends with, so that every inner part is a beginning of something.
    """
    if not words:
        return false()
    parts = cast(literal(" & ".join(f"'{word}':*" for word in words)), TSQUERY)
    return literal_column(indexed_words).op("@@")(parts)
