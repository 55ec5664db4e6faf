"""What stories of talks share: the agent's leg, the button that ends a talk, waiting for what is done beside."""

import time

from sqlalchemy import select

from tests.app.web.console.console_scene import page_of, send
from tickets.schema import Call

LEG = "CA" + "f" * 32


def ends(committed, client, *, held=False):
    """What the bar says when the agent has pressed the button."""
    with committed.factory() as session:
        call_id = session.scalars(select(Call.id)).one()
    if held:
        send(client, "/console", f"/console/calls/{call_id}/hold")
    assert send(client, "/console", f"/console/calls/{call_id}/end").status_code == 303
    return page_of(client, "/console/call-bar")


def soon(is_so):
    until = time.monotonic() + 20
    while not is_so() and time.monotonic() < until:
        time.sleep(0.05)
    return is_so()
