"""The night check: hours are drawn when a night begins, calls are placed, and what nobody answered becomes a task."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from random import SystemRandom

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clockwork.node import Node
from app.settings import Settings
from app.storage.database import transaction
from app.storage.secret_keys import keys_of
from app.wording.messages import message_app
from app.wording.night_words import night_task
from tickets.city import day_of
from tickets.directory.loading import load_places
from tickets.intake.cleaning import Matter
from tickets.intake.opening import open_ticket
from tickets.outbox import night_checks
from tickets.outbox.night_checks import EndedCall
from tickets.people.actor import SYSTEM
from tickets.routing.rules import load_rules
from tickets.schema import NightCall, Ticket
from tickets.states import UNFINISHED, Channel


def check_lines_at_night(node: Node) -> None:
    """Each step a transaction of its own: a call that has ended is judged once, whatever happens to its task."""
    with transaction(node.factory) as session:
        now = node.now(session)
        night_checks.draw_night(session, rng=SystemRandom(), now=now)
        placed = night_checks.call_what_is_due(session, now=now)
    if placed:
        node.wake()
    with transaction(node.factory) as session:
        now = node.now(session)
        judged = [
            one for one in night_checks.judge_ended(session, now=now) if one.result not in night_checks.NO_FAILURE
        ]
        if judged:
            open_tasks(session, judged, node.settings, now=now)


def open_tasks(session: Session, judged: Sequence[EndedCall], settings: Settings, *, now: datetime) -> None:
    """A ticket of the unit for each line; one that is still open is enough."""
    rules, keys, places = load_rules(session, on=day_of(now)), keys_of(session, settings), load_places(session)
    with _words(settings).app_context():
        for one in judged:
            open_id = _open_task(session, one.line_id)
            if open_id is None:
                matter = _matter(one, now=now)
                opened = open_ticket(session, matter, actor=SYSTEM, keys=keys, places=places, rules=rules, now=now)
                open_id = opened.ticket_id
            night_checks.note_ticket(session, one.call_id, open_id)


def _matter(one: EndedCall, *, now: datetime) -> Matter:
    subject, body = night_task(one.result, one.phone, now)
    return Matter(
        channel=Channel.MANUAL,
        arrived_at=now,
        subject=subject,
        body=body,
        unit_id=one.unit_id,
        acknowledge=False,
        contact_source_key=f"night:{one.line_id}:{one.night.isoformat()}",
    )


def _open_task(session: Session, line_id: int) -> int | None:
    return session.scalar(
        select(Ticket.id)
        .join(NightCall, NightCall.ticket_id == Ticket.id)
        .where(NightCall.line_id == line_id, Ticket.status.in_(UNFINISHED))
        .limit(1)
    )


@cache
def _words(settings: Settings) -> Flask:
    """Where words can be said without a page; made once a process."""
    return message_app(settings)
