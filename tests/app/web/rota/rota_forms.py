"""What each form of the rota is sent, with what its address names, so that it changes something."""

import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from tickets.directory.rota_feeds import feeds_of, make_feed
from tickets.directory.swaps import ask_swap
from tickets.people.actor import staff_actor
from tickets.schema import Absence, Post, Rotation, Shift, Staff
from tickets.states import Role

_turns = itertools.count()
Sending = tuple[Mapping[str, str], Mapping[str, Any]]


def rota_forms(session: Session, me: Staff, *, at: str, now: datetime) -> dict[str, Sending]:
    """By endpoint, (form, names in the address); at the unit with this code, by somebody who works there."""
    colleague = factories.staff(session, role=Role.AGENT, at=at)
    unit_id = factories.unit(session, at).id
    post_id = session.scalars(select(Post.id).where(Post.unit_id == unit_id).order_by(Post.id).limit(1)).one()
    later = now + timedelta(days=3)
    planned = Shift(post_id=post_id, staff_id=colleague.id, starts_at=later, ends_at=later + timedelta(hours=8))
    session.add(planned)
    session.flush()
    form = {
        "unit": str(unit_id), "post": str(post_id), "staff": str(colleague.id),
        "starts": f"{now + timedelta(days=5):%Y-%m-%dT%H:%M}", "ends": f"{now + timedelta(days=6):%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    named = {"shift_id": planned.id}
    mine, asked, asking = (_turn(session, post_id, who.id, later) for who in (me, colleague, me))
    to_me = ask_swap(session, asked.id, to_staff_id=me.id, actor=staff_actor(colleague.id), now=now)
    by_me = ask_swap(session, asking.id, to_staff_id=colleague.id, actor=staff_actor(me.id), now=now)
    away = [_leave(session, who.id, now=now) for who in (me, colleague)]
    leave = {
        "unit": str(unit_id), "person": str(colleague.id), "deputy": "",
        "since": f"{now + timedelta(days=60):%Y-%m-%d}", "until": f"{now + timedelta(days=61):%Y-%m-%d}",
    }  # fmt: skip
    rotation = {
        **form, "person_1": str(colleague.id), "days_each": "1", "from": "08:00", "to": "17:00",
        "starts_on": f"{now + timedelta(days=9):%Y-%m-%d}",
    }  # fmt: skip
    running = _rotation(session, post_id, colleague.id, now=now)
    runs = Shift(post_id=post_id, staff_id=me.id, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=7))
    session.add(runs)
    make_feed(session, staff_id=me.id, post_id=None, actor=staff_actor(me.id), now=now)
    [(feed, _post)] = feeds_of(session, me.id)
    return {
        "rota.add_feed": ({"post": ""}, {}),
        "rota.end_feed": ({}, {"feed_id": feed.id}),
        "rota.hand_over": ({"words": "Cống chưa thông."}, {"shift_id": runs.id}),
        "rota.note_draft": ({"words": "Cống"}, {"shift_id": runs.id}),
        "rota.plan_one": (form, {}),
        "rota.change_one": (form, named),
        "rota.remove_one": ({}, named),
        "rota.begin_rotation": (rotation, {}),
        "rota.end_rotation": ({}, {"rotation_id": running}),
        "rota.give_leave": (leave, {}),
        "rota.end_anothers_leave": ({"unit": str(unit_id)}, {"absence_id": away[1]}),
        "rota.take_own_leave": (leave, {}),
        "rota.end_own_leave": ({}, {"absence_id": away[0]}),
        "rota.ask_somebody": ({"to": str(colleague.id)}, {"shift_id": mine.id}),
        "rota.accept": ({}, {"swap_id": to_me.swap_id}),
        "rota.refuse": ({}, {"swap_id": to_me.swap_id}),
        "rota.withdraw": ({}, {"swap_id": by_me.swap_id}),
    }


def _turn(session: Session, post_id: int, staff_id: int, later: datetime) -> Shift:
    starts_at = later + timedelta(days=10 + staff_id % 7, hours=8 * next(_turns))
    one = Shift(post_id=post_id, staff_id=staff_id, starts_at=starts_at, ends_at=starts_at + timedelta(hours=8))
    session.add(one)
    session.flush()
    return one


def _leave(session: Session, staff_id: int, *, now: datetime) -> int:
    since = now + timedelta(days=90)
    one = Absence(staff_id=staff_id, starts_at=since, ends_at=since + timedelta(days=2), created_at=now)
    session.add(one)
    session.flush()
    return one.id


def _rotation(session: Session, post_id: int, staff_id: int, *, now: datetime) -> int:
    first = (now + timedelta(days=40)).date()
    one = Rotation(
        post_id=post_id, staff_ids=[staff_id], days_each=1, starts_on=first, from_minute=0, to_minute=0,
        filled_until=first, created_at=now,
    )  # fmt: skip
    session.add(one)
    session.flush()
    return one.id
