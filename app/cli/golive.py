"""`./hotline golive`: the decision, by name and date, that units work with the product."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

from app.cli.commands import CommandRefused, Commands
from app.cli.transactions import one_transaction
from app.engines.connected import connected

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from tickets.schema import Staff


def register(commands: Commands) -> None:
    """Add `golive`."""
    parser = commands.add_parser("golive", help="decide that units receive what is theirs; until then the city does")
    parser.add_argument("codes", nargs="*", metavar="CODE", help="units by their codes, e.g. 26740 SXD")
    parser.add_argument("--all", action="store_true", help="the whole city")
    parser.add_argument("--by", required=True, metavar="EMAIL", help="whose decision it is")
    parser.add_argument("--on", metavar="DATE", help="from which day on, as 2026-12-01 or 01/12/2026; today")
    parser.add_argument("--take-back", metavar="REASON", help="the other way, from now on: the city works for them")
    parser.add_argument("--json", action="store_true", help="one JSON line")
    parser.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """All of the units or none of them."""
    from app.clock import utc_now
    from tickets.city import day_of

    if bool(arguments.codes) == arguments.all:
        raise CommandRefused("Name the units by their codes, or say --all.")
    now = utc_now()
    on_day = _day(arguments.on) if arguments.on else day_of(now)
    with _transaction(arguments.data) as session:
        decided = _decide(session, arguments, on_day)
    if arguments.json:
        print(json.dumps({"units": decided, "live": arguments.take_back is None, "on": on_day.isoformat()}))
    else:
        print(_told(decided, on_day, taken_back=arguments.take_back is not None))
    return 0


def _decide(session: "Session", arguments: argparse.Namespace, on_day: date) -> int:
    from app.clock import utc_now
    from tickets.city import day_of
    from tickets.directory import going_live
    from tickets.directory.units import unit_named
    from tickets.people.actor import staff_actor

    now = utc_now()
    actor = staff_actor(_whose(session, arguments.by).id)
    if arguments.all:
        unit_ids = going_live.bodies(session, on=day_of(now))
    else:
        unit_ids = [unit_named(session, code, on=day_of(now)).id for code in arguments.codes]
    if arguments.take_back is not None:
        return going_live.take_back(session, unit_ids, reason=arguments.take_back, actor=actor, now=now)
    return going_live.go_live(session, unit_ids, on_day=on_day, actor=actor, now=now)


def _whose(session: "Session", email: str) -> "Staff":
    """The person with this address, who must be somebody who decides for the city now: a decision has a name."""
    from app.clock import utc_now
    from tickets.directory.staff import person_by_email
    from tickets.people.roles import load_viewer
    from tickets.states import Role

    person = person_by_email(session, email)
    viewer = load_viewer(session, person.id, now=utc_now()) if person is not None else None
    if person is None or viewer is None:
        raise CommandRefused(f"There is nobody with the address {email}.")
    if not viewer.holds(Role.ADMINISTRATOR) and not viewer.covers_city(Role.LEADER, Role.CITY_OFFICE):
        raise CommandRefused(
            f"{person.name} may not decide this: an administrator, a leader of the city or the City Office does."
        )
    return person


def _day(typed: str) -> date:
    from tickets.typed_text import typed_day

    day = typed_day(typed)
    if day is None:
        raise CommandRefused(f"“{typed}” is no date: write it as 2026-12-01 or 01/12/2026.")
    return day


def _told(decided: int, on_day: date, *, taken_back: bool) -> str:
    if not decided:
        return "Nothing changed: it was decided so already."
    number = f"{decided} unit{'s' if decided > 1 else ''}"
    if taken_back:
        return f"The city works for {number} again."
    return f"{number} receive{'' if decided > 1 else 's'} what is theirs from {on_day.isoformat()} on."


@contextmanager
def _transaction(data_dir: str | None) -> "Iterator[Session]":
    with connected(data_dir) as settings, one_transaction(settings, _REFUSALS) as session:
        yield session


_REFUSALS = {
    "day_passed": "The day has passed: nobody can have received anything since.",
    "missing": "Taking units back needs a reason.",
    "too_long": "The reason is too long.",
}
