"""Rooms at the built-in carrier: it keeps none of its own, the legs that were led into one tell whether it goes on."""

from contextlib import suppress

import requests

from telephony.call.room_legs import AGENT
from telephony.floor.rooms import number_of_room
from telephony.provider.account import ProviderAccount
from telephony.provider.event_keys import ROOM_STEP


def rooms_called(name: str) -> list[dict[str, str]]:
    """As the carrier lists them."""
    number = number_of_room(name)
    return [{"sid": f"CF{number:032x}", "friendly_name": name, "status": "in-progress"}] if number is not None else []


def agent_has_left(account: ProviderAccount, room: str) -> bool:
    """Whether the leg of whoever talks with the caller there has been ended: the room is then over for all."""
    url = f"{account.api_base_url}/2010-04-01/Accounts/{account.account_sid}/Calls.json"
    mark = f"/{ROOM_STEP}?c={number_of_room(room)}&p={AGENT}&"
    with suppress(requests.RequestException, ValueError):
        legs = requests.get(url, auth=(account.account_sid, account.auth_token), timeout=5).json()["calls"]
        own = [leg for leg in legs if mark in str(leg.get("url", ""))]
        return bool(own) and str(own[-1].get("status")) == "completed"
    return False
