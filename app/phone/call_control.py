"""Steering a call from the console: to its agent, to hold and back, to its end; by REST, after the commit."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session, sessionmaker

from app.phone.accounts import provider_accounts
from app.settings import Settings
from app.storage.database import transaction
from telephony import calls
from telephony.calls import live_legs
from telephony.provider.account import ProviderAccount
from telephony.provider.driver import ProviderUnreachable
from telephony.provider.drivers import carrier_of
from telephony.provider.held_turn import DEFAULT_LOCALE, LOCALE
from tickets.schema import Call

log = structlog.get_logger()

# Of an answer that says no (400 to 499), those that say nothing of the leg: our account, a proxy, or not now.
_NOT_OF_THE_LEG = frozenset({401, 402, 403, 407, 408, 429})


@dataclass(frozen=True, slots=True)
class LegChange:
    """What the provider is told to do with one leg of a call."""

    account: str
    call_sid: str
    # Where it is led; empty: it is ended.
    url: str = ""
    # The room in which it talks; empty where two are simply bridged.
    room: str = ""


def end_talk(session: Session, call: Call, *, base_url: str, steers: bool) -> list[LegChange]:
    """Hang up the agent's side; the caller's then goes on to our goodbye. On hold only the caller's is left to go.

    Whose provider steers no talk (`steers`) and names no leg of the agent: the caller's takes the agent's along. On
    hold they hear our goodbye at their next turn, as does whoever is not connected yet.
    """
    if not steers:
        talks = call.answered_at is not None and call.hold_since is None
        return [LegChange(call.account, call.call_sid)] if talks else []
    if call.hold_since is not None:
        return lead_to_hold(call, base_url=base_url)
    return [LegChange(call.account, leg.call_sid) for leg in live_legs(session, call.id)]


def lead_to_agent(call: Call, *, base_url: str) -> list[LegChange]:
    """Fetch a waiting caller at once; who cannot be led is connected at the next turn of the hold loop."""
    return _lead(call, "queue", base_url=base_url)


def lead_to_hold(call: Call, *, base_url: str) -> list[LegChange]:
    """Out of the bridge into the hold loop; whoever is taken back is bridged again at its next turn, asked for now."""
    return _lead(call, "hold", base_url=base_url)


def end_line(call: Call, leg: str) -> list[LegChange]:
    """The line between two colleagues comes down; nothing to do where there is none."""
    return [LegChange(call.account, leg)] if leg else []


def _lead(call: Call, step: str, *, base_url: str) -> list[LegChange]:
    """To the turn that comes next anyway: whichever way it is asked for, it is answered once."""
    spoken = "" if call.locale == DEFAULT_LOCALE else f"&{LOCALE}={call.locale}"
    url = f"{base_url}/webhooks/{call.account}/{step}?turn={call.turn}{spoken}"
    return [LegChange(call.account, call.call_sid, url)]


def set_recording(settings: Settings, call: LegChange, *, is_paused: bool) -> bool:
    """Whether the provider has done so: the agent waits for it, because what is read out then must not be kept."""
    account = provider_accounts(settings).get(call.account)
    if account is None:
        return False
    carrier = carrier_of(account)
    try:
        if is_paused:
            carrier.pause_room_recording(call.room) if call.room else carrier.pause_recording(call.call_sid)
        else:
            carrier.resume_room_recording(call.room) if call.room else carrier.resume_recording(call.call_sid)
    except ProviderUnreachable as trouble:
        log.warning("call_control.recording_failed", reason=str(trouble))
        return False
    return True


def tell_provider(
    settings: Settings, changes: Sequence[LegChange], *, factory: sessionmaker[Session] | None = None
) -> None:
    """In the background: an agent's screen must not wait for a slow provider. What fails shows: the call goes on, and
    with `factory` the agent is told that it does."""

    def work() -> None:
        failed = tell(provider_accounts(settings), changes)
        if factory is not None:
            for change in failed:
                note_not_led(factory, change)

    if changes:
        threading.Thread(target=work, daemon=True, name="call-control").start()


def note_not_led(factory: sessionmaker[Session], caller: LegChange) -> None:
    """Kept where the agent's bar reads it."""
    with transaction(factory) as session:
        calls.note_not_led(session, account=caller.account, call_sid=caller.call_sid)


def tell(accounts: Mapping[str, ProviderAccount], changes: Sequence[LegChange]) -> list[LegChange]:
    """One after the other; what a provider that is not reached did not hear, which is logged: the call goes on."""
    failed = []
    for change in changes:
        account = accounts.get(change.account)
        if account is None:
            continue
        carrier = carrier_of(account)
        try:
            if change.url:
                carrier.lead_leg(change.call_sid, url=change.url)
            else:
                carrier.end_leg(change.call_sid)
        except ProviderUnreachable as trouble:
            if not change.url and _is_gone(trouble):
                # Put down meanwhile, which is all that was wanted: asked again, it would be answered the same for ever.
                continue
            log.warning("call_control.failed", reason=str(trouble))
            failed.append(change)
    return failed


def _is_gone(trouble: ProviderUnreachable) -> bool:
    """The provider was reached and knows no such call, or none that could still be ended."""
    return trouble.status is not None and 400 <= trouble.status < 500 and trouble.status not in _NOT_OF_THE_LEG
