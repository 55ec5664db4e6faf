"""Incidents: what many report at once is said to all who come, by whoever steers the area, and it always ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.each_alone import PutAside, each_alone
from tickets.errors import InvalidInput, NotAllowed, NotFound
from tickets.people.actor import SYSTEM, Actor
from tickets.people.roles import Viewer
from tickets.promises.duplicate_clocks import is_duplicate
from tickets.schema import Category, Incident, IncidentPerson, OutboundMessage, Ticket
from tickets.states import UNFINISHED, OutboundState
from tickets.typed_text import clean_text
from tickets.work.owing_unit import DECIDING

# What is said before a queue; how long it lasts to listen to is judged where it is typed.
LONGEST_BULLETIN, LONGEST_CLOSING = 240, 300
LONGEST_INCIDENT = timedelta(hours=72)
MOST_CAP = 10_000
# Ended by hand, by its time, or because the request behind it was answered.
ENDED, EXPIRED, ANSWERED = "ended", "expired", "answered"
# The message that tells somebody that it is over is known by this, the incident and the person.
OVER_KEY = "incident-over"
_KEY_OF_PERSON = func.concat(f"{OVER_KEY}:", IncidentPerson.incident_id, ":", IncidentPerson.id)
_DID_NOT_ARRIVE = (OutboundState.FAILED, OutboundState.SUPPRESSED, OutboundState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class WantedIncident:
    """What somebody sets; `unit_ids` empty: the whole city."""

    master_id: int
    unit_ids: Sequence[int]
    category_id: int | None
    bulletin_vi: str
    bulletin_en: str
    lasts: timedelta
    is_disaster: bool = False
    most_waiting: int | None = None


@dataclass(frozen=True, slots=True)
class StandingIncident:
    """An incident with how many are counted, and of those how many were told or can be told nowhere.

    Of those who were written to: whom it reached by the carrier's own word, whom it did not, and of whom nothing is
    heard yet (`posted` is all of them). Mail has no receipt: it counts as posted.
    """

    incident: Incident
    reference: str
    counted: int
    told: int
    unreachable: int
    posted: int = 0
    delivered: int = 0
    failed: int = 0


def steered_units(viewer: Viewer) -> frozenset[int] | None:
    """The units for whose area this person may set one; None: the whole city."""
    return None if viewer.covers_city(*DECIDING) else frozenset(viewer.unit_ids(*DECIDING))


def may_steer(viewer: Viewer, unit_ids: Sequence[int]) -> bool:
    steered = steered_units(viewer)
    return steered is None or (bool(unit_ids) and set(unit_ids) <= steered)


def set_incident(session: Session, wanted: WantedIncident, *, viewer: Viewer, actor: Actor, now: datetime) -> Incident:
    """Say it from now on. Raises InvalidInput, and for an area that is not this person's as well."""
    bulletin_vi = _bulletin("bulletin_vi", wanted.bulletin_vi)
    bulletin_en = _bulletin("bulletin_en", wanted.bulletin_en)
    if not may_steer(viewer, wanted.unit_ids):
        raise InvalidInput("area", "not_your_area")
    _require_lasting(wanted.lasts)
    if wanted.most_waiting is not None and not 0 <= wanted.most_waiting <= MOST_CAP:
        raise InvalidInput("most_waiting", "out_of_range")
    _require_master(session, wanted.master_id)
    incident = Incident(
        master_id=wanted.master_id, unit_ids=sorted(set(wanted.unit_ids)), category_id=wanted.category_id,
        bulletin_vi=bulletin_vi, bulletin_en=bulletin_en, is_disaster=wanted.is_disaster,
        most_waiting=wanted.most_waiting if wanted.is_disaster else None,
        starts_at=now, expires_at=now + wanted.lasts, set_by_id=viewer.staff_id,
    )  # fmt: skip
    session.add(incident)
    session.flush()
    _record(session, "incident.set", incident, actor=actor, now=now)
    return incident


def extend(session: Session, incident_id: int, *, by: timedelta, viewer: Viewer, actor: Actor, now: datetime) -> None:
    """So much longer than it had; LONGEST_INCIDENT from now at most. Raises InvalidInput for one that is over."""
    incident = _running(session, incident_id, viewer=viewer, now=now)
    _require_lasting(incident.expires_at + by - now)
    incident.expires_at = incident.expires_at + by
    session.flush()
    _record(session, "incident.extended", incident, actor=actor, now=now)


def end(
    session: Session,
    incident_id: int,
    *,
    closing_vi: str = "",
    closing_en: str = "",
    viewer: Viewer,
    actor: Actor,
    now: datetime,
) -> None:
    """Nobody hears it any more, and all who are counted are told. Raises InvalidInput for one that is over."""
    incident = _running(session, incident_id, viewer=viewer, now=now)
    incident.closing_vi = clean_text(closing_vi, LONGEST_CLOSING, field="closing_vi")
    incident.closing_en = clean_text(closing_en, LONGEST_CLOSING, field="closing_en")
    incident.ended_by_id = actor.staff_id
    _end(session, incident, ENDED, actor=actor, now=now)


def end_what_is_over(session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int:
    """Those whose time has come, and those whose request has been answered; how many ended."""
    over = session.execute(
        select(Incident, Ticket.status)
        .join(Ticket, Ticket.id == Incident.master_id)
        .where(Incident.ended_at.is_(None), or_(Incident.expires_at <= now, Ticket.status.not_in(UNFINISHED)))
        .with_for_update(of=Incident, skip_locked=True)
    ).all()
    ended = each_alone(
        session, over,
        lambda one: _end(session, one[0], EXPIRED if one[1] in UNFINISHED else ANSWERED, actor=SYSTEM, now=now),
        named=lambda one: one[0].id, put_aside=put_aside,
    )  # fmt: skip
    return len(ended)


def standing_incidents(session: Session, *, limit: int = 50) -> Sequence[StandingIncident]:
    """Those that run, and the last ones that did, the newest first. Everybody who steers may know of all of them."""
    newest = (Incident.ended_at.is_not(None), Incident.id.desc())
    last = select(Incident.id).order_by(*newest).limit(limit).scalar_subquery()
    people = (
        select(
            IncidentPerson.incident_id,
            func.count().label("counted"),
            func.count().filter(_was(IncidentPerson.told_by != "none")).label("told"),
            func.count().filter(_was(IncidentPerson.told_by == "none")).label("unreachable"),
            func.count(OutboundMessage.id).label("posted"),
            func.count().filter(OutboundMessage.delivered_at.is_not(None)).label("delivered"),
            func.count().filter(OutboundMessage.state.in_(_DID_NOT_ARRIVE)).label("failed"),
        )
        .outerjoin(OutboundMessage, OutboundMessage.dedup_key == _KEY_OF_PERSON)
        .where(IncidentPerson.incident_id.in_(last))
        .group_by(IncidentPerson.incident_id)
        .subquery()
    )
    rows = session.execute(
        select(Incident, Ticket.reference, people)
        .join(Ticket, Ticket.id == Incident.master_id)
        .outerjoin(people, people.c.incident_id == Incident.id)
        .order_by(*newest)
        .limit(limit)
    )
    return [StandingIncident(row[0], row[1], *(number or 0 for number in row[3:])) for row in rows]


def _was(told: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(IncidentPerson.told_at.is_not(None), told)


def _bulletin(field: str, typed: str) -> str:
    words = " ".join(clean_text(typed, LONGEST_BULLETIN, field=field).split())
    if not words:
        raise InvalidInput(field, "required")
    return words


def _require_lasting(lasts: timedelta) -> None:
    if not timedelta() < lasts <= LONGEST_INCIDENT:
        raise InvalidInput("hours", "incident_too_long")


def _require_master(session: Session, master_id: int) -> None:
    """People are told of it, so it is nothing restricted, and it is still worked on."""
    master = session.get(Ticket, master_id)
    if master is None or master.is_restricted or master.is_canary:
        raise InvalidInput("master", "no_such_ticket")
    if is_duplicate(master):
        raise InvalidInput("master", "master_is_duplicate")
    if master.status not in UNFINISHED:
        raise InvalidInput("master", "master_over")


def _running(session: Session, incident_id: int, *, viewer: Viewer, now: datetime) -> Incident:
    """Locked. Raises NotFound, NotAllowed, InvalidInput."""
    incident = session.get(Incident, incident_id, with_for_update={"key_share": True}, populate_existing=True)
    if incident is None:
        raise NotFound("incident", incident_id)
    if not may_steer(viewer, incident.unit_ids):
        raise NotAllowed("incident")
    if incident.ended_at is not None or incident.expires_at <= now:
        raise InvalidInput("incident", "incident_over")
    return incident


def _end(session: Session, incident: Incident, cause: str, *, actor: Actor, now: datetime) -> None:
    incident.ended_at, incident.cause = now, cause
    session.flush()
    _record(session, f"incident.{cause}", incident, actor=actor, now=now)


def _record(session: Session, action: str, incident: Incident, *, actor: Actor, now: datetime) -> None:
    category = session.get(Category, incident.category_id) if incident.category_id is not None else None
    params = {
        "units": list(incident.unit_ids),
        "category": category.code if category else "",
        "ends_at": incident.expires_at.isoformat(),
        "is_disaster": incident.is_disaster,
    }
    if incident.most_waiting is not None:
        # Whom it keeps from waiting is decided by whoever set it.
        params["most"] = incident.most_waiting
    entries.record(
        session, actor=actor, action=action, subject_kind="incident", subject_id=incident.id,
        ticket_id=incident.master_id, params=params, now=now,
    )  # fmt: skip
