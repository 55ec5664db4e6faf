"""The reader's own desk, read once a request: the page, its heading and the menu count the same lines."""

from flask import g

from app.web.frame.menu import MOST_IN_MENU
from escalation.queries.desk import LeaderDesk, load_desk, waiting_up_to

ON_A_PAGE = 25


def own_desk(*, waiting_after: str, answered_after: str) -> LeaderDesk:
    """The pages after these places, for the one list that a request shows."""
    desk: LeaderDesk = load_desk(
        g.session, g.viewer, waiting_after=waiting_after, answered_after=answered_after, limit=ON_A_PAGE, now=g.now
    )
    g.waiting_count = desk.waiting.count
    return desk


def waiting_count() -> int:
    """How many matters wait for the reader's answer, one more than a menu shows at most.

    Nothing is asked for those whom no level has reached.
    """
    if not g.viewer.was_told:
        return 0
    if "waiting_count" not in g:
        g.waiting_count = waiting_up_to(g.session, g.viewer, most=MOST_IN_MENU + 1, now=g.now)
    return int(g.waiting_count)
