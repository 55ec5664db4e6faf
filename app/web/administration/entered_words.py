"""How rows of reference data are shown and asked for: by the columns of their kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.web.pieces.names import in_locale
from app.web.pieces.unit_choices import unit_codes
from app.wording.file_words import choice_labels, column_words
from app.wording.language import language
from tickets.directory.exchange.kind import FileKind, TextRow
from tickets.sheets.columns import Column, Reads
from tickets.sheets.values import BadValue

# Beyond this a field has several lines.
_LONG = 300
_SHOWN_LETTERS = 90


@dataclass(frozen=True, slots=True)
class EntryField:
    """A field of the form; `form` is how it is drawn."""

    name: str
    form: str
    label: str
    note: str
    value: str
    error: str
    needed: bool
    longest: int
    options: Sequence[tuple[str, str]] = ()
    is_fixed: bool = False


def heading_words(kind: str, columns: Sequence[Column]) -> list[str]:
    return [column_words(kind, column.key, language()).label for column in columns]


def cell_words(of_kind: FileKind, row: TextRow, columns: Sequence[Column]) -> list[tuple[str, str]]:
    """(heading, words) of each column; codes of units as their names."""
    headings = heading_words(of_kind.name, columns)
    return [(head, _cell(of_kind, row, column)) for head, column in zip(headings, columns, strict=True)]


def row_words(of_kind: FileKind, row: TextRow, kept: str, posts: Mapping[str, tuple[str, str]]) -> str:
    """What a row is called, with words instead of codes; as it was `kept` where somebody it names is here no more."""
    coded = [one for one in of_kind.columns if one.reads in (Reads.UNIT, Reads.CHOICE) and row.get(one.key)]
    told = {**row, **{one.key: _cell(of_kind, row, one) for one in coded}}
    if (post := row.get("post", "")) in posts:
        told["post"] = in_locale(*posts[post])
    try:
        return of_kind.name_of(told)
    except (BadValue, KeyError):
        return kept


@dataclass(frozen=True, slots=True)
class ChangedCell:
    """What became of one column of a row, in words."""

    label: str
    before: str
    after: str


def changed_words(of_kind: FileKind, before: TextRow, after: TextRow) -> list[ChangedCell]:
    """The columns in which two forms of a row differ, as the template of its kind calls them."""
    differ = [key for key, value in after.items() if before.get(key, "") != value]
    return [
        ChangedCell(heading_of(of_kind, key), _changed(of_kind, before, key), _changed(of_kind, after, key))
        for key in differ
    ]


def heading_of(of_kind: FileKind | type[FileKind], key: str) -> str:
    """As its template calls it; a column that this version knows no more, as it was kept."""
    known = {column.key for column in of_kind.columns}
    return column_words(of_kind.name, key, language()).label if key in known else key


def _changed(of_kind: FileKind, row: TextRow, key: str) -> str:
    if not row.get(key):
        return "–"
    column = next((one for one in of_kind.columns if one.key == key), None)
    return _cell(of_kind, row, column) if column is not None else row[key]


def _cell(of_kind: FileKind, row: TextRow, column: Column) -> str:
    value = row.get(column.key, "")
    if column.reads is Reads.UNIT and value in of_kind.units.by_code:
        unit = of_kind.units.by_code[value]
        return (unit.name_en if language() == "en" else unit.name) or unit.name
    if column.reads is Reads.YES_NO:
        return choice_labels("yes_no", language())[value or "false"]
    if column.reads is Reads.CHOICES and value:
        labels = choice_labels(column.words, language())
        return ", ".join(labels.get(one.strip(), one.strip()) for one in value.split(","))
    if column.words and value:
        return choice_labels(column.words, language()).get(value, value)
    return value if len(value) <= _SHOWN_LETTERS else value[: _SHOWN_LETTERS - 1] + "…"


def entry_fields(
    of_kind: FileKind, typed: Mapping[str, str], errors: Mapping[str, str], *, is_new: bool
) -> list[EntryField]:
    return [
        EntryField(
            name=column.key,
            form=_form(column, is_fixed=not is_new and column.key in of_kind.key),
            label=(words := column_words(of_kind.name, column.key, language())).label,
            note=words.note,
            value=typed.get(column.key, ""),
            error=errors.get(column.key, ""),
            needed=column.needed,
            longest=column.longest,
            options=_options(column),
            is_fixed=not is_new and column.key in of_kind.key,
        )
        for column in of_kind.columns
    ]


def _form(column: Column, *, is_fixed: bool) -> str:
    if is_fixed:
        return "field"
    if column.reads in (Reads.UNIT, Reads.CHOICE):
        return "choice"
    if column.reads is Reads.YES_NO:
        return "checkbox"
    return "area" if column.reads is Reads.TEXT and column.longest > _LONG else "field"


def _options(column: Column) -> list[tuple[str, str]]:
    if column.reads is Reads.UNIT:
        return unit_codes()
    return list(choice_labels(column.words, language()).items()) if column.words else []
