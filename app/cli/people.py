"""`./hotline user add|link`, `token add`: an account for a person, a way back into it, a bearer token for a program."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.cli.commands import Commands
from app.cli.transactions import one_transaction
from app.engines.connected import connected
from app.scopes import SCOPES
from tickets.states import Role

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def register(commands: Commands) -> None:
    """Add `user` and `token`."""
    user = commands.add_parser("user", help="add a person")
    users = user.add_subparsers(metavar="ACTION", required=True)
    add = users.add_parser("add", help="add a person, or give one a further role; prints a one-time enrolment link")
    add.add_argument("--email", required=True)
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    add.add_argument("--unit", required=True, metavar="CODE", help="where the role is held, e.g. 26740, SXD or 79")
    add.add_argument("--name", default="", help="as it is shown; the address's first part if not given")
    add.set_defaults(run=run_user_add)
    link = users.add_parser("link", help="a new enrolment link: password or telephone lost, or the first link not used")
    link.add_argument("--email", required=True)
    link.set_defaults(run=run_user_link)
    token = commands.add_parser("token", help="add a bearer token")
    tokens = token.add_subparsers(metavar="ACTION", required=True)
    give = tokens.add_parser("add", help="make a token; it is printed once")
    give.add_argument("--name", required=True)
    give.add_argument("--scope", required=True, action="append", choices=SCOPES, help="may be given several times")
    give.add_argument("--unit", default="", metavar="CODE", help="whose tickets it sees; the whole city if not given")
    give.set_defaults(run=run_token_add)
    for parser in (add, link, give):
        parser.add_argument("--json", action="store_true", help="one JSON line")
        parser.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")


def run_user_add(arguments: argparse.Namespace) -> int:
    """Print the link by which the person sets a password and enrols the second factor."""
    from app.accounts.enrolment import add_person
    from app.clock import utc_now
    from tickets.states import Role

    with _session(arguments.data) as (session, base_url):
        link = add_person(
            session,
            email=arguments.email,
            name=arguments.name,
            role=Role(arguments.role),
            unit_code=arguments.unit,
            base_url=base_url,
            now=utc_now(),
        )
    print(json.dumps({"email": arguments.email, "link": link}) if arguments.json else link)
    return 0


def run_user_link(arguments: argparse.Namespace) -> int:
    """Print a link; the old password and second factor end here, and so does every session of the person."""
    from app.accounts.enrolment import renew_enrolment
    from app.clock import utc_now
    from tickets.directory.staff import person_by_email
    from tickets.errors import NotFound
    from tickets.people.actor import SYSTEM

    with _session(arguments.data) as (session, base_url):
        person = person_by_email(session, arguments.email)
        if person is None:
            raise NotFound("person", arguments.email)
        link = renew_enrolment(session, person.id, base_url=base_url, actor=SYSTEM, now=utc_now())
    print(json.dumps({"email": arguments.email, "link": link}) if arguments.json else link)
    return 0


def run_token_add(arguments: argparse.Namespace) -> int:
    """Print the token; only its hash is kept."""
    from app.accounts.enrolment import add_token
    from app.clock import utc_now

    with _session(arguments.data) as (session, _base_url):
        token = add_token(session, name=arguments.name, scopes=arguments.scope, unit_code=arguments.unit, now=utc_now())
    print(json.dumps({"token": token}) if arguments.json else token)
    return 0


@contextmanager
def _session(data_dir: str | None) -> "Iterator[tuple[Session, str]]":
    """A transaction and our own address."""
    with connected(data_dir) as settings, one_transaction(settings, _REFUSALS) as session:
        yield session, settings.base_url


_REFUSALS = {
    "bad_email": "This is not an e-mail address.",
    "held_already": "This person holds the role there already.",
    "missing": "A name is needed.",
    "in_use": "Another token has this name.",
}
