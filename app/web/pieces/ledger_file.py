"""The ledger as a file: first what people read, in their language and the city's time; then the codes for programs."""

from collections.abc import Sequence
from datetime import datetime

from flask import Response, g
from flask_babel import gettext as _

from app.web.frame.current import settings
from app.web.pieces.csv_answer import csv_answer
from app.wording.codes import clock_word, step_result_word
from app.wording.contact_codes import attempt_word, outbound_channel_word
from app.wording.locale import chosen_locale
from app.wording.posted_words import not_delivered_word
from app.wording.raised_words import category_of, cause_word, unit_of, way_word
from app.wording.reference_groups import grouped_reference
from escalation.queries.attempts import LevelAttempt
from escalation.queries.ledger import EXPORT_HEADINGS, LedgerFilter, as_codes, export
from escalation.queries.raised import Raised, ToldPerson


def ledger_download(wanted: LedgerFilter) -> Response:
    """The filtered ledger as a file; it covers what the page would show, all pages of it."""
    name = f"ledger-{g.now.astimezone(settings().zone):%Y-%m-%d}.csv"
    rows = ((*in_words(one), *as_codes(one)) for one in export(g.session, g.viewer, wanted))
    return csv_answer(name, (*headings(), *EXPORT_HEADINGS), rows)


def headings() -> Sequence[str]:
    """Of what people read, in their language."""
    return (
        _("Reference"), _("Unit"), _("Category"), _("Promise"), _("Level"), _("Due"), _("Reported"), _("Cause"),
        _("Result"), _("Told"), _("Delivered"), _("Read"), _("Acknowledged"), _("By"), _("By way of"), _("Instruction"),
        _("New date"), _("Nobody got the message"), _("Somebody reached"), _("Attempts to reach them"),
    )  # fmt: skip


def in_words(one: Raised) -> Sequence[str]:
    """A level as people read it, in the order of `headings`."""
    answer = one.answered
    told = (f"{p.name} ({p.post_en if chosen_locale() == 'en' else p.post})" if p.post else p.name for p in one.told)
    return (
        grouped_reference(one.reference),
        unit_of(one),
        _("confidential") if one.is_restricted else category_of(one),
        clock_word(one.clock),
        str(one.level),
        local_time(one.due_at),
        local_time(one.fired_at),
        cause_word(one.cause),
        step_result_word(one.result),
        "; ".join(told),
        "; ".join(filter(None, (local_time(person.delivered_at) for person in one.told))),
        "; ".join(filter(None, (local_time(person.read_at) for person in one.told))),
        local_time(answer.at) if answer else "",
        answer.by if answer else "",
        way_word(answer.via) if answer else "",
        answer.instruction if answer else "",
        local_time(answer.new_due_at) if answer else "",
        _("yes") if one.all_failed else "",
        _("yes") if one.is_reached else "",
        "; ".join(_attempt(person, attempt) for person in one.told for attempt in person.attempts),
    )


def _attempt(person: ToldPerson, attempt: LevelAttempt) -> str:
    """Person, method, and each state with its instant: planned, sent, delivered, read, acknowledged, or why not."""
    states = ", ".join(f"{attempt_word(one.state)} {local_time(one.at)}" for one in attempt.stations)
    why = f" ({not_delivered_word(attempt.last.why)})" if attempt.last.why else ""
    return f"{person.name}, {outbound_channel_word(attempt.method)}: {states}{why}"


def local_time(at: datetime | None) -> str:
    """In the city's time, in a form that spreadsheets sort."""
    return f"{at.astimezone(settings().zone):%Y-%m-%d %H:%M}" if at else ""
