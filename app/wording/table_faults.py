"""What is wrong with a file of rows, in words: by the codes of `tickets/sheets/` and `tickets/directory/exchange/`."""

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

from app.wording.file_words import column_words
from app.wording.language import language
from tickets.file_errors import RowError

TABLE_FAULTS: Mapping[str, LazyString] = {
    "empty": lazy_gettext("there is no row in it"),
    "too_large": lazy_gettext("the file is too large; this many megabytes are possible"),
    "is_pdf": lazy_gettext("this is a PDF; save the table as XLSX or CSV"),
    "is_old_excel": lazy_gettext("this is an old Excel file (.xls); save it as XLSX or CSV"),
    "is_picture": lazy_gettext("this is a picture; the table itself is needed, as XLSX or CSV"),
    "is_document": lazy_gettext("this is a document; save its table as XLSX or CSV"),
    "is_web_page": lazy_gettext("this is a web page or XML; save the table as XLSX or CSV"),
    "other_zip": lazy_gettext("this is no XLSX workbook; save the table as XLSX or CSV"),
    "broken_workbook": lazy_gettext("this workbook is damaged; open it, save it again and try once more"),
    "too_large_unpacked": lazy_gettext("this workbook unpacks to far more than a table can be"),
    "xml_entities": lazy_gettext("this workbook declares entities, which no office program writes"),
    "not_text": lazy_gettext("this is no text file"),
    "unknown_encoding": lazy_gettext("its letters cannot be read; save it as UTF-8"),
    "not_a_table": lazy_gettext("this is no table"),
    "too_many_rows": lazy_gettext("it has too many rows; this many are possible"),
    "too_many_columns": lazy_gettext("it has too many columns; this many are possible"),
    "too_long": lazy_gettext("is too long; this many letters are possible"),
    "missing_columns": lazy_gettext("the header lacks columns"),
    "column_twice": lazy_gettext("this column stands in the header twice"),
    "missing": lazy_gettext("a value is needed"),
    "required": lazy_gettext("a value is needed"),
    "twice": lazy_gettext("stands in the file twice, first in this row"),
    "formula_failed": lazy_gettext("the formula of this cell has no value"),
    "bad_date": lazy_gettext("not a day written like 02/09/2027 or 2027-09-02"),
    "bad_hour": lazy_gettext("not a day and hour written like 02/09/2027 07:00"),
    "bad_number": lazy_gettext("not a number that can stand here"),
    "bad_phone": lazy_gettext("not a phone number"),
    "bad_email": lazy_gettext("not an e-mail address"),
    "bad_code": lazy_gettext("a code has small letters without marks, digits and _"),
    "not_yes_or_no": lazy_gettext("must be yes or no"),
    "no_such_code": lazy_gettext("not one of the words allowed here"),
    "no_such_unit": lazy_gettext("no unit has this code or name today"),
    "ambiguous_unit": lazy_gettext("several units have this name; write the code"),
    "no_such_person": lazy_gettext("nobody here has this address, phone or name"),
    "ambiguous_person": lazy_gettext("several people have this name; write the e-mail address or phone"),
    "no_such_post": lazy_gettext("no body has such a post"),
    "post_of_another_body": lazy_gettext("this body has no such post; it is one of another body"),
    "no_such_procedure": lazy_gettext("no procedure has this code or name"),
    "year_not_over": lazy_gettext("this year is not over; counts are brought of whole years"),
    "no_such_parent": lazy_gettext("no group of matters has this code"),
    "no_such_district": lazy_gettext("no former district has this name; write it whole, such as Quận 3"),
    "no_such_place": lazy_gettext("no place of this kind is called so"),
    "name_of_a_unit": lazy_gettext("this is the name of a unit of today, and cannot stand for another place"),
    "name_says_nothing": lazy_gettext("a name as short as this would be found everywhere"),
    "district_or_ward": lazy_gettext("name the former district, or the ward"),
    "ends_before_it_begins": lazy_gettext("ends before it begins"),
    "email_or_phone": lazy_gettext("an e-mail address or a phone is needed"),
    "phone_taken": lazy_gettext("somebody else has this phone"),
    "names_differ": lazy_gettext("the same person has another name in a row above"),
    "alerts_need_phone": lazy_gettext("messages and calls need a phone"),
    "alerts_need_email": lazy_gettext("mail needs an e-mail address"),
    "own_post": lazy_gettext("nobody gives a role, a post or a field to themselves; another administrator can"),
    "past": lazy_gettext("this day has passed; a change holds from today or later, an empty cell means from now"),
    "began_already": lazy_gettext("this began already; its first day is not changed"),
    "overlapping_holders": lazy_gettext("somebody else holds this post then; give them a last day in the same file"),
    "turn_too_long": lazy_gettext("a turn lasts at most this many days"),
    "no_role_there": lazy_gettext("this person has no role at this body"),
    "on_leave": lazy_gettext("this person is on leave then"),
    "on_duty_already": lazy_gettext("this person is on duty elsewhere then"),
    "rota_gap": lazy_gettext("nobody is on duty in this stretch"),
    "own_deputy": lazy_gettext("nobody stands in for themselves"),
    "deputy_fixed": lazy_gettext("who stands in is changed by ending this leave and entering another"),
    "leave_too_long": lazy_gettext("leave lasts at most a year"),
    "field_or_area": lazy_gettext("give a field or an area, not both"),
    "decided_already": lazy_gettext("a decision is not changed; end it and enter the new one"),
    "responsible_already": lazy_gettext("this person answers for it already"),
    "somebody_is_coming": lazy_gettext("another decision is to begin already"),
    "bad_window": lazy_gettext("not hours written like 07:30-11:30, 13:00-17:00"),
    "windows_overlap": lazy_gettext("these hours overlap"),
    "night_overlaps": lazy_gettext("the night shift of the day before runs into these hours"),
    "no_such_zone": lazy_gettext("there is no such time zone"),
    "changed_since": lazy_gettext("was changed since"),
    "still_needed": lazy_gettext("is used by now"),
    "one_word": lazy_gettext("must be a single word"),
    "too_many_parts": lazy_gettext("a pattern joins at most this many parts by ~ and &"),
    "gap_too_wide": lazy_gettext("between two parts stand at most this many words"),
    "no_such_class": lazy_gettext("no class of words has this name"),
    "class_in_use": lazy_gettext("patterns ask for this class of words; it can be changed, not taken out"),
    "bad_phrase": lazy_gettext("no phrase: phrases of letters and digits are parted by |, parts of patterns by ~ or &"),
    "phrase_too_long": lazy_gettext("a phrase has at most this many words"),
    "means_itself": lazy_gettext("a short form cannot stand for itself"),
    "too_many_words": lazy_gettext("there would be too many rows of words; this many are possible"),
    "danger_lost": lazy_gettext(
        "so many examples of danger would no longer be recognised; publish such a change on its page, with a reason"
    ),
    "never_open": lazy_gettext("a calendar needs hours on at least one day"),
}


def table_fault(error: RowError, kind: str = "") -> str:
    """What is wrong with a row of a table of this kind, without where."""
    words = str(TABLE_FAULTS.get(error.code, error.code.replace("_", " ")))
    detail = _lacking(kind, error.detail) if error.code == "missing_columns" and kind else error.detail
    return f"{words}: {detail}" if detail else words


def _lacking(kind: str, columns: str) -> str:
    return ", ".join(column_label(kind, column) for column in columns.split(", "))


def column_label(kind: str, column: str) -> str:
    return column_words(kind, column, language()).label if column else ""
