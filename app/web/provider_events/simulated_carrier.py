"""The REST side of the built-in carrier: what the official client talks to where no provider is set up."""

import hmac
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from app.phone.accounts import CARRIER_PATH, SIMULATED, provider_accounts
from app.simulator.callbacks import report
from app.simulator.called import (
    BETWEEN_AGENTS,
    STATES,
    TALKS,
    is_between_agents,
    is_called_back,
    pauses,
    press,
    talk,
    told_at_end,
)
from app.simulator.carrier import CarrierRefusal, SimulatedCarrier
from app.simulator.rooms import rooms_called
from app.simulator.trouble import LOST_SECONDS, read_trouble
from app.web.frame.access import signed_webhook
from app.web.frame.current import settings
from telephony.provider.account import ProviderAccount

# As a carrier says it of a handset that was off.
SWITCHED_OFF = "30003"
RINGS_FOR_SECONDS = 30.0

blueprint = Blueprint("simulated_carrier", __name__, url_prefix=f"{CARRIER_PATH}/2010-04-01/Accounts/<account_sid>")
blueprint.without_csrf = True  # type: ignore[attr-defined]
# Looked for by the maker of the API's document on every blueprint that, as this one, looks at requests first.
blueprint.enable_openapi = False  # type: ignore[attr-defined]


@blueprint.before_request
def _only_for_its_account() -> ResponseReturnValue | None:
    """A carrier that exists only where no citizen can be calling, and only for whoever has its credentials."""
    account = _account()
    if account is None:
        return Response("", 404)
    given = request.authorization
    known = given is not None and given.username == account.account_sid
    if not known or not hmac.compare_digest((given and given.password) or "", account.auth_token):
        return _error(401, 20003, "Authenticate")
    trouble = read_trouble(_folder())
    time.sleep(trouble.rest_seconds)
    return _error(trouble.rest_status, trouble.rest_status, "Trouble on demand") if trouble.rest_status else None


@blueprint.errorhandler(CarrierRefusal)
def _refused(error: CarrierRefusal) -> ResponseReturnValue:
    return _error(error.status, error.code, error.message)


@blueprint.post("/Messages.json")
@signed_webhook
def send_message(account_sid: str) -> ResponseReturnValue:
    """Takes an SMS; its states follow as callbacks."""
    message = _carrier().take_message(request.form)
    sid, is_off = str(message["sid"]), message["to"] in read_trouble(_folder()).switched_off

    def told(status: str) -> dict[str, str]:
        base = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "SmsStatus": status, "To": message["to"]}
        return base | ({"ErrorCode": SWITCHED_OFF} if status == "undelivered" else {})

    end = "undelivered" if is_off else "delivered"
    _carrier().note_message_status(sid, end)
    _report(["queued", "sent", end], told)
    _lose_answer()
    return jsonify(message), 201


@blueprint.get("/Messages.json")
@signed_webhook
def messages(account_sid: str) -> ResponseReturnValue:
    """What was delivered, for a telephone or a reconciliation."""
    listed = [_dated(one) for one in _carrier().messages(to=request.args.get("To", ""))]
    return jsonify({"messages": listed, "next_page_uri": None})


@blueprint.get("/Messages/<sid>.json")
@signed_webhook
def message(account_sid: str, sid: str) -> ResponseReturnValue:
    """One message by its identifier."""
    return _found(_carrier().message(sid))


@blueprint.post("/Calls.json")
@signed_webhook
def place_call(account_sid: str) -> ResponseReturnValue:
    """Takes a call to somebody, who does what `./hotline trouble` says, or else listens to its end."""
    call = _carrier().take_call(request.form)
    trouble = read_trouble(_folder())
    sid, called = str(call["sid"]), trouble.call_to(call["to"])
    keys = trouble.keys if called == "presses" else ()

    def told(status: str) -> dict[str, str]:
        base = {"CallSid": sid, "CallStatus": status, "To": call["to"], "Direction": "outbound-api"}
        return base | (told_at_end(called) if status == "completed" else {})

    account, report_to = _account(), request.form.get("StatusCallback", "").split("#")[0]
    if account is not None and called in TALKS and is_called_back(call) and _is_ours(report_to):
        _report(["initiated", "ringing"], told)
        talk(account, settings().base_url, call, keys=keys or ("1",), report_to=report_to)
        _lose_answer()
        return jsonify(call), 201
    if is_between_agents(call):
        _report(BETWEEN_AGENTS, told)
        _lose_answer()
        return jsonify(call), 201
    _report(
        STATES[called], told, seconds_before=pauses(float(request.form.get("Timeout", "") or RINGS_FOR_SECONDS), keys)
    )
    if keys and account is not None and call["twiml"]:
        press(account, call, keys=keys)
    _lose_answer()
    return jsonify(call), 201


@blueprint.get("/Calls.json")
@signed_webhook
def calls(account_sid: str) -> ResponseReturnValue:
    """All calls we were asked to place or change."""
    listed = [_dated(one) for one in _carrier().calls(to=request.args.get("To", ""))]
    return jsonify({"calls": listed, "next_page_uri": None})


@blueprint.route("/Calls/<sid>.json", methods=["GET", "POST"])
@signed_webhook
def call(account_sid: str, sid: str) -> ResponseReturnValue:
    """One call; a POST ends it or leads it to another document."""
    if request.method == "POST":
        return jsonify(_carrier().change_call(sid, request.form))
    return _found(_carrier().call(sid))


@blueprint.post("/Calls/<sid>/Recordings/<recording>.json")
@signed_webhook
def change_recording(account_sid: str, sid: str, recording: str) -> ResponseReturnValue:
    """Pauses the recording that is being made of a call, or lets it go on."""
    return jsonify(_carrier().change_recording(sid, request.form.get("Status", "")))


@blueprint.get("/Conferences.json")
@signed_webhook
def conferences(account_sid: str) -> ResponseReturnValue:
    """Rooms by their name: they are kept nowhere, and stand as long as somebody asks for them."""
    return jsonify({"conferences": rooms_called(request.args.get("FriendlyName", "")), "next_page_uri": None})


@blueprint.post("/Conferences/<sid>/Recordings/<recording>.json")
@signed_webhook
def change_room_recording(account_sid: str, sid: str, recording: str) -> ResponseReturnValue:
    """Pauses what is recorded of a room, or lets it go on; there is no sound of it here."""
    return jsonify({"sid": f"RE{sid[2:]}", "conference_sid": sid, "status": request.form.get("Status", "")})


@blueprint.get("/Recordings.json")
@signed_webhook
def recordings(account_sid: str) -> ResponseReturnValue:
    """None are listed: its telephones announce each one themselves."""
    return jsonify({"recordings": [], "next_page_uri": None})


@blueprint.route("/Recordings/<sid>.wav", methods=["GET"])
@signed_webhook
def recording(account_sid: str, sid: str) -> ResponseReturnValue:
    """The sound of a recording."""
    sound = _carrier().recording(sid)
    return Response(sound, mimetype="audio/x-wav") if sound else _error(404, 20404, "Not found")


@blueprint.get("/Messages/<sid>/Media/<media_sid>")
@signed_webhook
def picture(account_sid: str, sid: str, media_sid: str) -> ResponseReturnValue:
    """A picture that a telephone sent with a text."""
    content = _carrier().picture(media_sid)
    return Response(content, mimetype="application/octet-stream") if content else _error(404, 20404, "Not found")


@blueprint.delete("/Recordings/<sid>.json")
@signed_webhook
def delete_recording(account_sid: str, sid: str) -> ResponseReturnValue:
    """Our customer has its own copy now."""
    return Response("", 204) if _carrier().delete_recording(sid) else _error(404, 20404, "Not found")


def _lose_answer() -> None:
    """It is done, and nobody hears of it."""
    if read_trouble(_folder()).answers == "lost":
        time.sleep(LOST_SECONDS)


def _report(
    statuses: list[str], told: Callable[[str], dict[str, str]], *, seconds_before: Mapping[str, float] | None = None
) -> None:
    account = _account()
    url = request.form.get("StatusCallback", "")
    if account is not None and _is_ours(url):
        report(account, url, statuses, told, trouble=read_trouble(_folder()), seconds_before=seconds_before)


def _is_ours(url: str) -> bool:
    """It reports to whom it belongs to, and to nobody whom a request may name."""
    return url.startswith(f"{settings().base_url}/")


def _account() -> ProviderAccount | None:
    account = provider_accounts(settings()).get(SIMULATED)
    wanted = (request.view_args or {}).get("account_sid")
    return account if account is not None and wanted == account.account_sid else None


def _folder() -> Path:
    return settings().data_dir / "carrier"


def _carrier() -> SimulatedCarrier:
    return SimulatedCarrier(_folder())


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    """As the real one writes an instant (RFC 2822)."""
    at = format_datetime(datetime.fromisoformat(row["date_created"]))
    return {**row, "date_created": at, "date_sent": at}


def _found(row: dict[str, Any] | None) -> ResponseReturnValue:
    return jsonify(row) if row is not None else _error(404, 20404, "Not found")


def _error(status: int, code: int, message: str) -> Response:
    response = jsonify({"status": status, "code": code, "message": message, "more_info": ""})
    response.status_code = status
    return response
