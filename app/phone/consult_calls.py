"""The line between two colleagues while a caller is on hold: rung at the one who asked, connected to the other.

No conference is needed for it, so that every provider can do it.
"""

from dataclasses import dataclass
from typing import assert_never

import structlog

from app.phone.accounts import provider_accounts
from app.phone.answers import StepUrls
from app.settings import Settings
from app.wording.spoken_words import speak
from telephony.plan.verbs import Client, Dial, Number, Sip
from telephony.provider.drivers import carrier_of
from telephony.provider.event_keys import CONSULTED_STATUS, CONSULTED_STEP
from telephony.provider.held_turn import DEFAULT_LOCALE
from telephony.provider.outcome import Sent
from telephony.provider.spoken_document import spoken_document

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LineBetween:
    """`of` is rung, and talks to `to`; `sender` is what both see as who calls."""

    account: str
    of: Client | Number | Sip
    to: Client | Number | Sip
    sender: str


def connect_colleagues(settings: Settings, line: LineBetween) -> str:
    """The provider's number for the call; empty when it made none. No transaction may be open."""
    account = provider_accounts(settings).get(line.account)
    if account is None:
        return ""
    urls = StepUrls(settings.base_url, account.name, 0)
    plan = (Dial(CONSULTED_STEP, line.to, caller_id=line.sender or None),)
    document = spoken_document(
        plan, speak, urls=urls, locale=DEFAULT_LOCALE, capabilities=account.capabilities, voice=account.voice
    )
    outcome = carrier_of(account).ring_agent(
        to=address_of(line.of), sender=account.call_sender or line.sender, document=document,
        report_to=urls.step(CONSULTED_STATUS, {}),
    )  # fmt: skip
    if not isinstance(outcome, Sent) or outcome.sid is None:
        log.warning("consult.no_line", account=account.name, outcome=type(outcome).__name__)
        return ""
    return outcome.sid


def address_of(target: Client | Number | Sip) -> str:
    """As a provider is asked to ring it."""
    match target:
        case Client():
            return f"client:{target.identity}"
        case Sip():
            return target.address
        case Number():
            return target.phone
        case _:
            assert_never(target)
