"""Twilio, and those who speak its language at another address: Somleng, SignalWire, the built-in simulator."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

from twilio.twiml.messaging_response import MessagingResponse

from telephony.provider.account import Capability, ProviderAccount
from telephony.provider.account_kinds import ACCOUNT_KINDS, kind_at, provider_account
from telephony.provider.driver import Carrier, Probe, Setting, WireRequest
from telephony.provider.signatures import SignedRequest, is_genuine, sign
from telephony.provider.spoken_document import EMPTY_RESPONSE
from telephony.provider.twilio_client import TwilioCarrier
from telephony.provider.twilio_codes import trouble_of

NAME = "twilio"
_OURS: Mapping[str, str] = {
    "AccountSid": "account_sid",
    "CallSid": "call_sid",
    "ParentCallSid": "parent_call_sid",
    "CallStatus": "call_status",
    "CallDuration": "call_seconds",
    "AnsweredBy": "answered_by",
    "Direction": "direction",
    "From": "from",
    "To": "to",
    "Called": "called",
    "ForwardedFrom": "forwarded_from",
    "Digits": "keys",
    "SpeechResult": "speech",
    "RecordingSid": "recording_sid",
    "RecordingStatus": "recording_status",
    "RecordingDuration": "recording_seconds",
    "DialCallStatus": "dial_status",
    "DialBridged": "dial_bridged",
    "DialCallDuration": "dial_seconds",
    "ErrorUrl": "failed_url",
    # The older names first: where both are told, the newer ones stay.
    "SmsSid": "message_sid",
    "MessageSid": "message_sid",
    "SmsStatus": "message_status",
    "MessageStatus": "message_status",
    "Body": "body",
    "OptOutType": "opt_out",
    "ErrorCode": "error_code",
    "ConferenceSid": "conference_sid",
    "StatusCallbackEvent": "conference_event",
    "SequenceNumber": "sequence",
}
# As many as a text may bring.
_MOST_MEDIA = 10
_MEDIA_SID = re.compile(r"[A-Za-z0-9-]{8,64}")
_NOT_YET_SENT = {"accepted": "queued", "scheduled": "queued"}


class TwilioDriver:
    """See `telephony.provider.driver.Driver`."""

    name = NAME
    nothing_to_do = EMPTY_RESPONSE

    def said_back(self, words: str) -> str:
        document = MessagingResponse()
        document.message(words)
        return str(document)

    def accounts(self, setting: Setting) -> Iterable[ProviderAccount]:
        sid, token = setting("twilio_account_sid"), setting("twilio_auth_token")
        if not (sid and token):
            return
        kind = kind_at(setting("twilio_base_url"))
        account = provider_account(
            name=NAME,
            kind=kind,
            account_sid=sid,
            auth_token=token,
            previous_auth_token=setting("twilio_auth_token_previous") or None,
            api_base_url=setting("twilio_base_url"),
        )
        country = setting("twilio_country").upper() or ACCOUNT_KINDS[kind].country
        account = replace(account, country=country, decision_no=setting("twilio_decision"))
        yield account.with_api_key(setting("twilio_api_key") or None, setting("twilio_api_secret") or None)

    def refusal(self, account: ProviderAccount, request: WireRequest, *, public_base_url: str) -> str:
        signature = request.headers.get(account.signature_header.lower(), "")
        if not signature:
            return "no_signature"
        signed = SignedRequest(
            method=request.method,
            raw_path=request.raw_path,
            raw_query=request.raw_query,
            content_type=request.headers.get("content-type", ""),
            form=request.form,
            body=request.body,
            signature=signature,
        )
        if not is_genuine(account, signed, public_base_url=public_base_url):
            return "wrong_signature"
        claimed = request.query.get("AccountSid") or request.form.get("AccountSid") or account.account_sid
        return "" if claimed == account.account_sid else "other_account"

    def fields(self, account: ProviderAccount, request: WireRequest) -> Mapping[str, str]:
        """In the body, or all in the address when it asks by GET."""
        given = request.form if request.method == "POST" else request.query
        told = in_our_words(given)
        pictures = _pictures(given) if account.can(Capability.MMS) else ""
        return told | {"pictures": pictures} if pictures else told

    def probe(self, account: ProviderAccount, url: str, *, is_forged: bool = False) -> Probe:
        fields = {"AccountSid": account.account_sid, "Check": "doctor"}
        token = account.auth_token + ("x" if is_forged else "")
        headers = {
            account.signature_header: sign(token, url, fields),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return Probe(headers, urlencode(fields).encode())

    def carrier(self, account: ProviderAccount) -> Carrier:
        return TwilioCarrier.of(account)


def _pictures(given: Mapping[str, str]) -> str:
    """Of the addresses they name only what stands at the end, their number: they are asked for where we know them."""
    addresses = (given.get(f"MediaUrl{number}", "") for number in range(_MOST_MEDIA))
    numbers = (urlsplit(address).path.rpartition("/")[2] for address in addresses if address)
    return " ".join(one for one in numbers if _MEDIA_SID.fullmatch(one))


def in_our_words(given: Mapping[str, str]) -> dict[str, str]:
    """Names nobody reads stay as they are: they still tell one event from another."""
    told = {name: value for name, value in given.items() if name not in _OURS}
    for theirs, ours in _OURS.items():
        if theirs in given:
            told[ours] = given[theirs]
    if "recording_sid" not in told and (made := _recording_at(given.get("RecordingUrl", ""))):
        told["recording_sid"] = made
    if "answered_by" in told:
        told["answered_by"] = _who_answered(told["answered_by"])
    if "opt_out" in told:
        told["opt_out"] = told["opt_out"].lower()
    if "message_status" in told:
        told["message_status"] = _NOT_YET_SENT.get(told["message_status"], told["message_status"])
        told["trouble"] = trouble_of(told.get("error_code", ""))
    return told


def _recording_at(address: str) -> str:
    """Somleng tells a recording by its address alone, of which only its number is taken: the host is never believed."""
    name = urlsplit(address).path.rpartition("/")[2].partition(".")[0]
    return name if re.fullmatch(r"[A-Za-z0-9-]{1,64}", name) else ""


def _who_answered(said: str) -> str:
    """What they could not tell is nobody's."""
    if said == "human":
        return said
    return "machine" if said.startswith("machine") or said == "fax" else ""
