"""Telephones in browsers at a provider that knows them: with which token one registers, and where it connects to."""

from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from telephony.provider.account import ProviderAccount

# As its browser library needs them: signalling, its sounds, and what it reports of the quality of the line.
BROWSER_HOSTS = (
    "wss://voice-js.roaming.twilio.com",
    "https://eventgw.twilio.com",
    "https://sdk.twilio.com",
)


# Its browser library, below app/static.
BROWSER_LIBRARY = "vendor/voice-sdk/twilio.min.js"


def browser_token(account: ProviderAccount, name: str, *, seconds: int) -> str:
    """To be rung under this name for so long; it dials nobody: we place calls ourselves."""
    token = AccessToken(
        account.account_sid, account.api_key, account.api_secret, identity=name, ttl=seconds,
        grants=[VoiceGrant(incoming_allow=True)],
    )  # fmt: skip
    return str(token.to_jwt())
