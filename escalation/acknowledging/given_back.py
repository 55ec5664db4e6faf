"""Why a colleague who was asked has given it back: a note of the ticket, which they write themselves."""

from sqlalchemy import ColumnElement, and_, select

from tickets.schema import Delegation, PlannedStep, TimelineEntry
from tickets.states import TimelineKind

DECLINED_BY = "declined_by"


def note_of_giving_back() -> ColumnElement[bool]:
    """Of the note by which `delegation` was given back."""
    return and_(any_note_of_giving_back(), TimelineEntry.at == Delegation.declined_at)


def any_note_of_giving_back() -> ColumnElement[bool]:
    """Of all notes by which the same colleague gave the same level back, also after another asking."""
    said = TimelineEntry.params
    ticket_id = select(PlannedStep.ticket_id).where(PlannedStep.id == Delegation.step_id).scalar_subquery()
    return and_(
        TimelineEntry.ticket_id == ticket_id,
        TimelineEntry.kind == TimelineKind.NOTE,
        said[DECLINED_BY].as_integer() == Delegation.to_id,
        said["step_id"].as_integer() == Delegation.step_id,
    )
