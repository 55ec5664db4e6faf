"""Which guidance in force answers a matter, for whoever has it before them; that it was shown is counted once."""

from collections.abc import Sequence

from flask import g, request

from app.web.frame.current import rules
from tickets.routing.guidance import AskedMatter, GuidanceRule, answering
from tickets.schema import Ticket
from tickets.states import GuidanceUseKind
from tickets.work.guidance import note_use


def beside_ticket(ticket: Ticket) -> Sequence[GuidanceRule]:
    """Nothing is counted of a restricted ticket: a number could tell of it."""
    matter = AskedMatter(
        ticket.place_unit_id or ticket.unit_id,
        ticket.category_id,
        ticket.procedure_id,
        f"{ticket.subject}\n{ticket.body}",
    )
    found = answering(rules().guidance, matter)
    is_counted = request.method == "GET" and not ticket.is_restricted and not ticket.is_canary
    return _counted(found, f"ticket:{ticket.id}" if is_counted else "")


def beside_call(matter: AskedMatter, call_id: int | None) -> Sequence[GuidanceRule]:
    """`call_id`: what is typed without one is no call, and is not counted."""
    return _counted(answering(rules().guidance, matter), f"call:{call_id}" if call_id else "")


def _counted(found: Sequence[GuidanceRule], thing: str) -> Sequence[GuidanceRule]:
    for one in found if thing else ():
        note_use(g.session, one.id, GuidanceUseKind.BESIDE, thing)
    return found
