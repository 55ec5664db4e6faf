"""Dead letters for programs: what an outage of a carrier left behind, and sending all of it again."""

from typing import Any

from flask import g

from app.web.api.blueprint import blueprint
from app.web.api.bodies import LetterOutageList, OutageAgainBody, OutageSentAgain
from app.web.api.describing import takes_body
from app.web.api.reading import read_body
from app.web.frame.access import bearer
from tickets.outbox.outages import outages, send_outage_again


@blueprint.get("/messages/outages")
@blueprint.output(LetterOutageList)
@blueprint.doc(summary="Messages that did not leave, by outage, newest first")
@bearer("admin")
def list_letter_outages() -> dict[str, Any]:
    found = outages(g.session)
    return {
        "items": [
            {
                "channel": one.channel.value,
                "since": one.since.isoformat(),
                "until": one.until.isoformat(),
                "letters": one.letters,
                "codes": list(one.codes),
            }
            for one in found
        ]
    }


@blueprint.post("/messages/outages/again")
@takes_body(OutageAgainBody)
@blueprint.output(OutageSentAgain)
@blueprint.doc(
    summary="Send again all messages written between two instants that did not leave",
    description="One audited step..",
)
@bearer("admin")
def send_letters_again() -> dict[str, Any]:
    body = read_body(OutageAgainBody)
    letters = send_outage_again(
        g.session, since=body.since, until=body.until, channel=body.channel, actor=g.actor, now=g.now
    )
    return {"letters": letters}
