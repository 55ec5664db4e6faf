"""My work and my queues: what is due first on top, fifty at a time."""

from urllib.parse import urlencode

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.web.console.blueprint import ANSWERING, READING, blueprint
from app.web.frame.access import signed_in
from app.web.frame.errors import trouble_of
from app.web.frame.menu import in_menu
from tickets.errors import InvalidInput
from tickets.people.roles import WORKING_ROLES
from tickets.queries import lists
from tickets.queries.list_counts import numbers_beside, queue_counts, view_counts
from tickets.queries.list_stretches import ListView
from tickets.queries.lists import Page
from tickets.states import UNFINISHED, TicketStatus
from tickets.typed_text import typed_number
from tickets.work import drafts

_ROWS = 50
_COLUMN_ROWS = 25
_COUNTED = (ListView.MINE, ListView.QUEUES, ListView.UNASSIGNED)
_STATUSES = (*UNFINISHED, TicketStatus.RESOLVED, TicketStatus.CLOSED)


@blueprint.get("/console")
@in_menu(_l("Work"), order=1, icon="inbox", hotkey="g c")
@signed_in(*READING)
def work() -> ResponseReturnValue:
    chosen = _chosen()
    try:
        page, status = _page(chosen, _ROWS), 200
    except InvalidInput as error:
        # A cursor from another list or an old bookmark: begin again rather than fail.
        page, status = _page({**chosen, "after": None}, _ROWS), trouble_of(error).status
    beside = numbers_beside(g.session, g.viewer, _COUNTED, now=g.now)
    body = render_template(
        "console/work.html",
        page=page,
        chosen=chosen,
        may_open=g.viewer.holds(*WORKING_ROLES),
        may_call=g.viewer.holds(*ANSWERING),
        noise=beside.noise,
        queues=queue_counts(g.session, g.viewer, now=g.now),
        counts=beside.views,
        emergencies=lists.emergencies_untaken(g.session, g.viewer, now=g.now) if beside.is_untaken else [],
        doubts=lists.doubts_untaken(g.session, g.viewer, now=g.now) if beside.is_doubted else [],
        views=view_options(),
        statuses=_STATUSES,
        unsent=drafts.unsent(g.session, g.viewer) if g.viewer.has_drafts else [],
        is_filtered=bool(chosen["queue"] or chosen["status"]),
        address=_address(chosen),
        next_url=_address({**chosen, "after": page.next}) if page.next else None,
    )
    return body, status


@blueprint.get("/console/column")
@signed_in(*READING)
def column() -> ResponseReturnValue:
    """The left column beside a ticket, when the list has changed."""
    return column_beside(request.args.get("here", "")[:20])


def column_beside(reference: str) -> Markup:
    """The work list, narrow, with this ticket marked in it."""
    chosen = {**_chosen(), "after": None}
    column = render_template(
        "console/column.html",
        page=_page(chosen, _COLUMN_ROWS),
        chosen=chosen,
        counts=view_counts(g.session, g.viewer, (ListView.QUEUES,), now=g.now),
        here=reference,
    )
    return Markup(column)  # noqa: S704  (rendered with escaping)


def view_options() -> list[tuple[str, str]]:
    return [
        (ListView.QUEUES.value, _("My queues")),
        (ListView.MINE.value, _("My work")),
        (ListView.UNASSIGNED.value, _("Unassigned")),
        (ListView.OVERDUE.value, _("Overdue")),
        (ListView.AT_RISK.value, _("Due soon")),
        (ListView.ON_HOLD.value, _("Waiting")),
        (ListView.DISPUTED.value, _("Responsibility disputed")),
        (ListView.PRAISE.value, _("Praise")),
        (ListView.ALL.value, _("All unfinished")),
        (ListView.ANSWERED.value, _("Answered")),
    ]


def _chosen() -> dict[str, str | None]:
    """What the address asks for; anything unknown in it is ignored."""
    given = request.args
    view, queue, status = given.get("view", ""), given.get("queue", ""), given.get("status", "")
    first = ListView.QUEUES if g.viewer.holds(*WORKING_ROLES) else ListView.ALL
    return {
        "view": view if view in set(ListView) else first.value,
        "queue": queue if typed_number(queue) is not None else None,
        "status": status if status in _STATUSES else None,
        "after": given.get("after"),
    }


def _page(chosen: dict[str, str | None], rows: int) -> Page:
    return lists.work_list(
        g.session,
        g.viewer,
        view=ListView(chosen["view"] or ListView.QUEUES),
        queue_id=int(chosen["queue"]) if chosen["queue"] else None,
        status=TicketStatus(chosen["status"]) if chosen["status"] else None,
        after=chosen["after"],
        limit=rows,
        now=g.now,
    )


def _address(chosen: dict[str, str | None]) -> str:
    return "/console?" + urlencode({name: value for name, value in chosen.items() if value})
