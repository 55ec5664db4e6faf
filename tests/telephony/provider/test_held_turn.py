"""The document that asks a caller to hold the line: every provider can say it, and its address brings back the turn."""

import random
from urllib.parse import parse_qs, urlsplit

import pytest

from telephony.provider import held_turn
from telephony.provider.account import Capability
from telephony.provider.account_kinds import CAPABILITIES
from telephony.provider.webhook_inbox import Webhook


@pytest.mark.parametrize("kind", CAPABILITIES)
def test_every_provider_can_say_it_and_no_more_is_asked_of_it_than_it_knows(kind):
    webhook = Webhook("line", "queue", {"keys": "8"}, {"turn": "4", "locale": "en"})

    document = held_turn.hold_document(
        webhook,
        lambda prompt, params, locale: f"{prompt.value} {locale}",
        base_url="https://city.example",
        keys=(b"k" * 32,),
        capabilities=CAPABILITIES[kind],
        silence_url="https://city.example/silence.wav",
    )

    assert "please_hold en" in document
    pauses = Capability.PAUSE in CAPABILITIES[kind]
    assert ('<Pause length="2"' in document) is pauses
    assert ('<Play loop="2">https://city.example/silence.wav' in document) is not pauses, "two seconds all the same"
    assert "https://city.example/webhooks/line/queue?turn=4&amp;locale=en&amp;again=1&amp;heard=" in document


def test_long_words_are_cut_until_their_address_is_one_that_every_server_takes():
    chance = random.Random(7)
    words = "".join(chance.choice("ăâđêôơưabcdefghijklmnopqrstuvwxyz ") for _ in range(2000))
    webhook = Webhook("line", "place", {"speech": words}, {"turn": "2"})

    document = held_turn.hold_document(
        webhook, lambda *_: "x", base_url="https://city.example", keys=(b"k" * 32,), capabilities=()
    )
    address = document.split(">")[-3].split("<")[0].replace("&amp;", "&")
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    back = held_turn.recalled(Webhook("line", "place", {}, query), (b"other" * 8, b"k" * 32))

    assert len(address) < 2000
    assert words.startswith(back.form["speech"]) and len(back.form["speech"]) > 200
    assert back.query == {"turn": "2"}
