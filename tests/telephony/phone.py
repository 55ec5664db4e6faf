"""A telephone for tests: posts signed webhooks as a provider does and remembers what it was told."""

import itertools
from urllib.parse import urlsplit
from xml.etree import ElementTree

from werkzeug.datastructures import MultiDict

from app.phone.accounts import simulated_account
from telephony.provider.signatures import sign

_numbers = itertools.count(1)
BASE = "http://127.0.0.1:8000"


class Phone:
    """One call: `post` a step, follow the document with `press`, `say`, `wait`."""

    def __init__(self, client, settings, *, number="+84901234567", to="", sid=None):
        self.client, self.account = client, simulated_account(settings)
        self.number, self.to = number, to
        self.base = settings.base_url
        self.sid = sid or f"CA{next(_numbers):032d}"
        self.response = None
        self.document = None

    def post(self, path, fields=None, *, signature=None, **more):
        form = {
            "AccountSid": self.account.account_sid,
            "CallSid": self.sid,
            "From": self.number,
            "To": self.to,
            "CallStatus": "in-progress",
            "Direction": "inbound",
            **(fields or {}),
            **more,
        }
        url = path if path.startswith("http") else f"{self.base}/webhooks/sim/{path}"
        url = url.split("#")[0]
        headers = {
            "X-Twilio-Signature": sign(self.account.auth_token, url, MultiDict(form))
            if signature is None
            else signature
        }
        local = urlsplit(url)
        target = local.path + (f"?{local.query}" if local.query else "")
        self.response = self.client.post(target, data=form, headers=headers, base_url=self.base)
        if self.response.status_code == 200 and self.response.mimetype == "text/xml":
            self.document = ElementTree.fromstring(self.response.data)
        return self.response

    def ring(self):
        self.post("voice", CallStatus="ringing")
        return self

    @property
    def said(self):
        return " ".join(say.text or "" for say in self.document.iter("Say"))

    def next_action(self):
        for element in self.document:
            if element.tag in ("Gather", "Record", "Dial") and element.get("action"):
                return element.get("action")
            if element.tag == "Redirect":
                return element.text
        return None

    def follow(self):
        """Through redirects, and words that want no answer, to the next document that waits for something."""
        while self._only_says() or (
            self.document.find("Gather") is None
            and self.document.find("Redirect") is not None
            and self.document.find("Record") is None
            and self.document.find("Dial") is None
        ):
            self.post(self.document.find("Redirect").text)
        return self

    def _only_says(self):
        """Whether any key would merely cut the words short on the way into the queue."""
        gather = self.document.find("Gather")
        if gather is None or gather.find("Play") is not None or gather.get("timeout") != "1":
            return False
        return "/queue?" in gather.get("action")

    def press(self, keys):
        self.post(self.next_action(), Digits=keys)
        return self.follow()

    def speak(self, words):
        self.post(self.next_action(), SpeechResult=words, Confidence="0.9")
        return self.follow()

    def wait(self):
        self.post(self.next_action(), Digits="")
        return self.follow()

    def record(self, seconds=12):
        sid = f"RE{next(_numbers):032d}"
        self.post(self.next_action(), RecordingSid=sid, RecordingDuration=str(seconds), RecordingUrl=f"{BASE}/r/{sid}")
        self.recording_sid = sid
        return self

    def hang_up(self):
        self.post("status", CallStatus="completed", CallDuration="30")
        return self
