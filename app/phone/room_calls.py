"""Ringing somebody into a talk of several, and leading its legs into the room."""

from collections.abc import Callable
from urllib.parse import urlencode

import structlog

from app.phone.accounts import provider_accounts
from app.phone.answers import StepUrls
from app.phone.call_control import LegChange
from app.phone.consult_calls import address_of
from app.settings import Settings
from app.wording.spoken_words import speak
from telephony.call.room_legs import AGENT, party_plan
from telephony.call.supervising import TalkEntry
from telephony.plan.verbs import Client, Number, Sip
from telephony.provider.drivers import carrier_of
from telephony.provider.event_keys import ROOM_STEP
from telephony.provider.held_turn import DEFAULT_LOCALE
from telephony.provider.outcome import Sent
from telephony.provider.spoken_document import spoken_document

log = structlog.get_logger()


def lead_agent(entry: TalkEntry, *, base_url: str) -> list[LegChange]:
    """The agent first: the caller's bridge then ends, and the caller follows by the next turn."""
    if not entry.is_new_room:
        return []
    return [LegChange(entry.call.account, entry.agents_leg, _address(entry, AGENT, base_url))]


def lead_party(entry: TalkEntry, *, base_url: str) -> list[LegChange]:
    """To another part in the same room."""
    return [LegChange(entry.call.account, entry.party.leg, _address(entry, str(entry.party.staff_id), base_url))]


def ring_party(
    settings: Settings, entry: TalkEntry, target: Client | Number | Sip, *, sender: str
) -> Callable[[], str]:
    """To be called when no transaction is open: the provider's number for the leg; empty when it made none."""
    account = provider_accounts(settings)[entry.call.account]
    urls = StepUrls(settings.base_url, account.name, 0)
    document = spoken_document(
        party_plan(entry.call, entry.party, entry.agents_leg, entered=0),
        speak, urls=urls, locale=DEFAULT_LOCALE, capabilities=account.capabilities, voice=account.voice,
    )  # fmt: skip

    def ring() -> str:
        outcome = carrier_of(account).ring_agent(
            to=address_of(target), sender=account.call_sender or sender, document=document,
            report_to=urls.step(f"{ROOM_STEP}-status", {}),
        )  # fmt: skip
        if not isinstance(outcome, Sent) or outcome.sid is None:
            log.warning("room.not_rung", account=account.name, outcome=type(outcome).__name__)
            return ""
        return outcome.sid

    return ring


def _address(entry: TalkEntry, whose: str, base_url: str) -> str:
    query = urlencode({"c": entry.call.id, "p": whose, "enter": entry.call.turn, "part": entry.party.part})
    return f"{base_url}/webhooks/{entry.call.account}/{ROOM_STEP}?{query}"
