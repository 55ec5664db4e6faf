"""Jobs of the rota: rotations fill the weeks ahead, gaps are told once a week, and whoever comes on duty is told so."""

from app.clockwork.node import Node
from app.storage.database import transaction
from escalation.queries.monthly_directory import remind_of_directory
from escalation.queries.weekly_gaps import post_weekly_gaps
from escalation.queries.weekly_readiness import post_weekly_readiness
from tickets.directory.catalogue_months import keep_month
from tickets.directory.rotations import fill_one
from tickets.outbox.rota_news import tell_turns_that_begin


def fill_rotations(node: Node) -> None:
    """One rotation a transaction, until none is behind."""
    aside = node.aside("fill the rota ahead")
    while True:
        with transaction(node.factory) as session:
            if not fill_one(session, leave_out=aside.ids, put_aside=aside, now=node.now(session)):
                break
    aside.say()


def tell_gaps(node: Node) -> None:
    node.post(post_weekly_gaps)


def tell_readiness(node: Node) -> None:
    node.post(post_weekly_readiness)


def remind_units_of_directory(node: Node) -> None:
    """And keep how the catalogue stands this month."""
    node.post(remind_of_directory, keep_month)


def tell_who_comes_on_duty(node: Node) -> None:
    node.post(tell_turns_that_begin)
