"""The floor under a turn of the hold loop: a bare Flask view that checks the signature and writes the same rows."""

from datetime import datetime
from typing import Any

from flask import Flask, Response, request
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.phone.accounts import provider_accounts
from app.settings import load_settings
from app.storage.database import make_engine
from telephony.provider.signatures import SignedRequest, is_genuine
from tickets.schema import Call, WebhookEvent

_EVENTS, _CALLS = WebhookEvent.__table__, Call.__table__
_TAKE = upsert(_EVENTS).on_conflict_do_nothing(index_elements=["account", "event_key"]).returning(_EVENTS.c.id)
_LOCK = (
    select(_CALLS.c.id, _CALLS.c.turn, _CALLS.c.detail)
    .where(_CALLS.c.account == "sim", _CALLS.c.call_sid == bindparam("sid"))
    .with_for_update(key_share=True)
)
_GO_ON = update(_CALLS).where(_CALLS.c.id == bindparam("call_id"))
_KEEP = update(_EVENTS).where(_EVENTS.c.id == bindparam("event_id"))
_DOCUMENT = '<?xml version="1.0" encoding="UTF-8"?><Response><Gather action="{url}"><Play>m</Play></Gather></Response>'


def create() -> Flask:
    settings = load_settings()
    engine = make_engine(settings.database_url)
    account = provider_accounts(settings)["sim"]
    app = Flask("bare")

    def is_signed() -> bool:
        given = SignedRequest(
            request.method, request.path, request.query_string.decode(), request.content_type or "", request.form,
            b"", request.headers.get("X-Twilio-Signature", ""),
        )  # fmt: skip
        return is_genuine(account, given, public_base_url=settings.base_url)

    @app.post("/webhooks/sim/queue")
    def queue() -> Any:
        if not is_signed():
            return "", 403
        now, sid, turn = datetime.now().astimezone(), request.form["CallSid"], request.args["turn"]
        told = {"account": "sim", "kind": "queue", "event_key": f"turn:{sid}:{turn}", "received_at": now}
        url = f"{settings.base_url}/webhooks/sim/queue?calm=1&amp;turn={int(turn) + 1}"
        with engine.begin() as connection:
            event = connection.execute(_TAKE, {**told, "form": dict(request.form)}).one_or_none()
            if event is None:
                return "", 409
            call = connection.execute(_LOCK, {"sid": sid}).one()
            detail = {**call.detail, "seen_at": now.isoformat()}
            connection.execute(_GO_ON, {"call_id": call.id, "turn": call.turn + 1, "detail": detail})
            body = _DOCUMENT.format(url=url)
            connection.execute(_KEEP, {"event_id": event.id, "answer_status": 200, "answer_body": body})
        return Response(body, content_type="text/xml")

    @app.get("/health/live")
    def live() -> Any:
        return "ok"

    with engine.connect() as connection:
        connection.execute(select(func.now()))
    engine.dispose()
    return app
