"""What a program sends and nobody could work on: kept as a contact, looked at by a person, and told so.

Whoever names a place, a unit, a kind, a procedure, a dossier or an emergency has something to work on, whatever the
words say.
"""

import secrets
from dataclasses import replace
from typing import Any

from flask import Response, g, jsonify
from flask_babel import gettext as _
from pydantic import BaseModel

from app.web.api.bodies import FieldError, NewTicket, Routing
from app.web.frame.current import rules
from app.web.frame.field_errors import field_error
from app.wording.contact_codes import noise_word
from tickets.intake import contacts
from tickets.intake.cleaning import Matter, cleaned
from tickets.intake.noise import NoiseRead, keep_noise, noise_in
from tickets.matter import read_matter
from tickets.states import Channel

# As the document of the API describes this answer.
NO_TICKET_ANSWER: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    202: {
        "description": "No ticket: kept for somebody to look at",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeptContact"}}},
    }
}


class ContactOut(BaseModel):
    """`kind` says why it is nothing to work on."""

    id: int
    kind: str
    words: str


class KeptContact(BaseModel):
    """No ticket was opened: what every ticket has is empty, no promise runs. A person looks and may open one."""

    reference: None
    pin: None
    status: None
    unit: None
    queue: None
    priority: None
    opened_at: None
    level: None
    routing: Routing
    clocks: list[Any]
    contact: ContactOut
    warnings: list[FieldError]


def noise_of(body: NewTicket, source_key: str | None) -> NoiseRead | None:
    """None for what becomes a ticket, and for the repetition of a request that a person has made one."""
    if body.emergency or body.place or body.unit or body.category or body.procedure or body.dossier:
        return None
    noise = noise_in(read_matter(_said(body), rules().routing.words))
    if noise is None or source_key is None:
        return noise
    opened = contacts.ticket_opened_by(g.session, channel=Channel.API, source_key=source_key)
    return noise if opened is None else None


def kept(body: NewTicket, matter: Matter, noise: NoiseRead, warnings: list[dict[str, str]]) -> Response:
    """Accepted, and no ticket: the same request, sent again with its key, tells the ticket once there is one."""
    own = matter.contact_source_key or f"api:{secrets.token_hex(16)}"
    whole = cleaned(replace(matter, body=_said(body), contact_source_key=own))
    contact_id = keep_noise(g.session, whole, noise, rules=rules(), now=g.now)
    why = _("Kept for somebody to look at, and no ticket was opened: %(why)s.", why=noise_word(noise.kind))
    told = {name: None for name in KeptContact.model_fields} | {
        "routing": {"reasons": []},
        "clocks": [],
        "contact": {"id": contact_id, "kind": noise.kind, "words": noise.words},
        "warnings": [field_error("body", "nothing_to_work_on", why), *warnings],
    }
    answer = jsonify(told)
    answer.status_code = 202
    return answer


def _said(body: NewTicket) -> str:
    """Subject and words together, neither twice."""
    return body.body if body.body.startswith(body.subject) else f"{body.subject}\n{body.body}"
