"""The document of voice verbs that an account executes: each is begun here, so that all of them can be read here."""

from collections.abc import Collection

from twilio.twiml.voice_response import VoiceResponse

from telephony.provider.account import Capability


class Document(VoiceResponse):
    """What an account with these capabilities is to do with a call; as text it is what the provider gets.

    Whoever writes into it leaves out what the account does not understand; the tests hold every document to that.
    """

    def __init__(self, capabilities: Collection[Capability]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.capabilities = frozenset(capabilities)
