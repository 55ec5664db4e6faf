"""Every request that we make of a provider is one that its own OpenAPI description allows, and its answers are read.

Twice: by the description as it stands in `tests/data`, and, where Prism is installed, by Prism.
"""

import inspect
import json
import shutil
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest
import requests

from telephony.provider.account import ProviderAccount, ProviderKind
from telephony.provider.account_kinds import CAPABILITIES
from telephony.provider.driver import Carrier, ProviderUnreachable
from telephony.provider.notice_document import notice_document
from telephony.provider.outcome import Sent
from telephony.provider.twilio_client import TwilioCarrier
from tests.contracts.described import DESCRIPTION, described_provider

SID = "a" * 32
CALL, RECORDING, LEG_URL = f"CA{SID}", f"RE{SID}", "https://hotline.example.test/webhooks/line/queue?turn=3"
REPORT = "https://hotline.example.test/webhooks/line/sms-status?m=7"
TO, FROM = "+84901234567", "+842873000000"
SINCE = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CAN = CAPABILITIES[ProviderKind.TWILIO]
NOTICE = notice_document("Bấm 1 để xác nhận.", locale="vi", action=LEG_URL, capabilities=CAN)
BASE = "/2010-04-01/Accounts/{AccountSid}"

# Deed → what is done, the request by its description, and whether its answer was understood.
DEEDS = {
    "let_in": (lambda one: one.let_in(), ("GET", f"{BASE}/Calls/{{Sid}}.json"), lambda said: said is None),
    "line_addresses": (
        lambda one: list(one.line_addresses()),
        ("GET", f"{BASE}/IncomingPhoneNumbers.json"),
        lambda lines: lines and all(line.phone.startswith("+") for line in lines),
    ),
    "send_sms": (
        lambda one: one.send_sms(to=TO, sender=FROM, text="Phiếu 2600-4217-33: đã xong & <1>", report_to=REPORT),
        ("POST", f"{BASE}/Messages.json"),
        lambda outcome: isinstance(outcome, Sent) and outcome.sid.startswith("SM"),
    ),
    "texts_handed_over": (
        lambda one: list(one.texts_handed_over(to=TO, since=SINCE)),
        ("GET", f"{BASE}/Messages.json"),
        lambda texts: isinstance(texts, list),
    ),
    "place_call": (
        lambda one: one.place_call(to=TO, sender=FROM, document=NOTICE, report_to=REPORT),
        ("POST", f"{BASE}/Calls.json"),
        lambda outcome: isinstance(outcome, Sent) and outcome.sid.startswith("CA"),
    ),
    "ring_agent": (
        lambda one: one.ring_agent(to="client:agent_7", sender=FROM, document=NOTICE, report_to=REPORT),
        ("POST", f"{BASE}/Calls.json"),
        lambda outcome: isinstance(outcome, Sent) and outcome.sid.startswith("CA"),
    ),
    "calls_handed_over": (
        lambda one: list(one.calls_handed_over(to=TO, since=SINCE)),
        ("GET", f"{BASE}/Calls.json"),
        lambda calls: isinstance(calls, list),
    ),
    "end_leg": (lambda one: one.end_leg(CALL), ("POST", f"{BASE}/Calls/{{Sid}}.json"), lambda said: said is None),
    "lead_leg": (
        lambda one: one.lead_leg(CALL, url=LEG_URL),
        ("POST", f"{BASE}/Calls/{{Sid}}.json"),
        lambda said: said is None,
    ),
    "pause_recording": (
        lambda one: one.pause_recording(CALL),
        ("POST", f"{BASE}/Calls/{{CallSid}}/Recordings/{{Sid}}.json"),
        lambda said: said is None,
    ),
    "resume_recording": (
        lambda one: one.resume_recording(CALL),
        ("POST", f"{BASE}/Calls/{{CallSid}}/Recordings/{{Sid}}.json"),
        lambda said: said is None,
    ),
    "pause_room_recording": (
        lambda one: one.pause_room_recording("call-7"),
        ("POST", f"{BASE}/Conferences/{{ConferenceSid}}/Recordings/{{Sid}}.json"),
        lambda said: said is None,
    ),
    "resume_room_recording": (
        lambda one: one.resume_room_recording("call-7"),
        ("POST", f"{BASE}/Conferences/{{ConferenceSid}}/Recordings/{{Sid}}.json"),
        lambda said: said is None,
    ),
    "picture_numbers": (
        lambda one: one.picture_numbers(f"MM{SID}"),
        ("GET", f"{BASE}/Messages/{{MessageSid}}/Media.json"),
        lambda numbers: numbers == [f"ME{SID}"],
    ),
    "call_status": (
        lambda one: one.call_status(CALL),
        ("GET", f"{BASE}/Calls/{{Sid}}.json"),
        lambda state: state in ("completed", "in-progress", "queued", "ringing", "busy", "failed"),
    ),
    "texts_since": (
        lambda one: list(one.texts_since(SINCE)),
        ("GET", f"{BASE}/Messages.json"),
        lambda texts: isinstance(texts, list),
    ),
    "calls_since": (
        lambda one: list(one.calls_since(SINCE)),
        ("GET", f"{BASE}/Calls.json"),
        lambda calls: isinstance(calls, list),
    ),
    "recordings_since": (
        lambda one: list(one.recordings_since(SINCE)),
        ("GET", f"{BASE}/Recordings.json"),
        lambda made: made and all(kind == "recording" and told["recording_sid"] for kind, told, _ in made),
    ),
    "delete_recording": (
        lambda one: one.delete_recording(RECORDING),
        ("DELETE", f"{BASE}/Recordings/{{Sid}}.json"),
        lambda said: said is None,
    ),
}
# What has to be known first: a room by the number it has there.
BEFORE = {deed: {("GET", f"{BASE}/Conferences.json")} for deed in ("pause_room_recording", "resume_room_recording")}
# Its address is of a sound, which the description does not know; that of the row beside it is.
NO_REQUEST = {"recording_source", "picture_source"}
HAVE = sorted(set(DEEDS) & set(dir(TwilioCarrier)))


def carrier_at(url):
    account = ProviderAccount("line", ProviderKind.TWILIO, f"AC{SID}", "token", api_base_url=url, capabilities=CAN)
    return TwilioCarrier.of(account)


@pytest.fixture
def provider():
    with described_provider() as provider:
        yield provider


@pytest.mark.parametrize("deed", HAVE)
def test_the_description_allows_what_we_ask_for_and_we_understand_its_answer(provider, deed):
    does, request, is_understood = DEEDS[deed]

    answer = does(carrier_at(provider.url))

    assert provider.refused == []
    assert set(provider.asked) - BEFORE.get(deed, set()) == {request}
    assert is_understood(answer), answer


def test_every_deed_of_a_carrier_is_held_to_the_description():
    deeds = {name for name, _ in inspect.getmembers(Carrier, inspect.isfunction) if not name.startswith("_")}

    assert deeds - set(DEEDS) - NO_REQUEST == set()


@pytest.mark.parametrize(
    ("method", "path", "form", "why"),
    [
        ("POST", "/Messages.json", {"To": TO, "From": FROM, "Text": "a"}, "Text is not described"),
        ("POST", "/Messages.json", {"From": FROM, "Body": "a"}, "To is missing"),
        ("POST", "/Messages.json", {"To": TO, "Body": "a", "StatusCallback": "sms-status"}, "StatusCallback may not"),
        ("POST", f"/Calls/{CALL}.json", {"Status": "ended"}, "Status may not be 'ended'"),
        ("POST", "/Calls/CA7.json", {"Status": "completed"}, "Sid may not be 'CA7'"),
        ("POST", "/Calls.json", {"To": TO, "From": FROM, "Twiml": "hello"}, "Twiml may not be 'hello'"),
        ("GET", "/Messages.json?PageSize=5000", {}, "PageSize may not be '5000'"),
        ("GET", "/Recordings.json?Since=2026-11-23", {}, "Since is not described"),
        ("DELETE", f"/Calls/{CALL}.json", {}, "there is no such request"),
    ],
)
def test_what_the_description_does_not_allow_is_refused(provider, method, path, form, why):
    url = f"{provider.url}/2010-04-01/Accounts/AC{SID}{path}"

    status = requests.request(method, url, data=form, auth=("AC", "token"), timeout=5).status_code

    assert status == 422
    assert any(why in one for one in provider.refused), provider.refused


@pytest.fixture(scope="module")
def prism():
    """Stoplight's Prism over the same description; it refuses what breaks it."""
    program = shutil.which("prism")
    if program is None:
        pytest.skip("Prism is not installed (npm install --global @stoplight/prism-cli)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "mock", "--host", "127.0.0.1", "--port", str(port), str(DESCRIPTION)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port, process):
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as trying:
            trying.settimeout(1)
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    pytest.fail("Prism does not start")


@pytest.mark.parametrize(
    "deed", [deed for deed in HAVE if not deed.endswith("_recording") or deed.startswith("delete")]
)
def test_prism_allows_what_we_ask_for(prism, deed):
    does, _, _ = DEEDS[deed]

    try:
        answer = does(carrier_at(prism))
    except ProviderUnreachable as refused:
        pytest.fail(f"refused with {refused.status}")

    assert not hasattr(answer, "code"), answer


def test_prism_refuses_what_breaks_the_description(prism):
    url = f"{prism}/2010-04-01/Accounts/AC{SID}/Calls/{CALL}.json"

    refused = requests.post(url, data={"Status": "ended"}, auth=("AC", "token"), timeout=10)

    assert refused.status_code == 422
    assert "Status" in json.dumps(refused.json())


@pytest.mark.parametrize("deed", ["line_addresses", "texts_since", "calls_since", "recordings_since"])
def test_a_list_whose_pages_lead_to_themselves_is_read_once_and_not_for_ever(provider, deed):
    does, (method, path), _ = DEEDS[deed]
    once = does(carrier_at(provider.url))
    [example] = provider.description["paths"][path][method.lower()]["responses"]["200"]["content"]["application/json"][
        "examples"
    ].values()
    itself = path.replace("{AccountSid}", f"AC{SID}")
    example["value"] = {**example["value"], "next_page_uri": f"{itself}?PageSize=1000"}
    provider.asked.clear()

    assert len(does(carrier_at(provider.url))) == 2 * len(once)
    assert len(provider.asked) == 2


def test_a_text_of_yesterday_is_asked_for_by_an_instant_the_provider_understands(provider):
    carrier_at(provider.url).calls_since(datetime.now(UTC) - timedelta(days=1))

    assert provider.refused == []
