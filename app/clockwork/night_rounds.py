"""The night check: hours are drawn when a night begins, calls are placed, and what nobody answered becomes a task."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from random import SystemRandom

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clockwork.node import Node
from app.settings import Settings
from app.storage.secret_keys import keys_of
from app.wording.messages import message_app
from app.wording.night_words import night_task
from tickets.city import day_of
from tickets.directory.loading import load_places
from tickets.directory.places import PlaceIndex
from tickets.each_alone import PutAside
from tickets.intake.cleaning import Matter
from tickets.intake.opening import open_ticket
from tickets.keys import Keys
from tickets.outbox import night_checks
from tickets.outbox.night_checks import EndedCall
from tickets.people.actor import SYSTEM
from tickets.routing.rules import Rules, load_rules
from tickets.schema import NightCall, Ticket
from tickets.states import UNFINISHED, Channel


def check_lines_at_night(node: Node) -> None:
    """Each step a transaction of its own: a call that has ended is judged once, with its task."""
    node.post(_draw, night_checks.call_what_is_due, _Judging(node.settings))


def _draw(session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int:
    return night_checks.draw_night(session, rng=SystemRandom(), now=now)


@dataclass
class _Judging:
    """A ticket of the unit for each line that nobody answered; one that is still open is enough."""

    settings: Settings
    __name__: str = "judge_night_calls"

    def __call__(self, session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int:
        tasks = Tasks(session, self.settings, now)
        return len(night_checks.judge_ended(session, follow=tasks.open_for, put_aside=put_aside, now=now))


@dataclass
class Tasks:
    """What units have to do about their lines, opened in one transaction."""

    session: Session
    settings: Settings
    now: datetime

    @cached_property
    def _known(self) -> tuple[Rules, Keys, PlaceIndex]:
        """Read only where a task is to be opened: most rounds open none."""
        session = self.session
        return load_rules(session, on=day_of(self.now)), keys_of(session, self.settings), load_places(session)

    def open_for(self, one: EndedCall) -> None:
        if one.result in night_checks.NO_FAILURE:
            return
        session, now = self.session, self.now
        open_id = _open_task(session, one.line_id)
        if open_id is None:
            rules, keys, places = self._known
            with _words(self.settings).app_context():
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
