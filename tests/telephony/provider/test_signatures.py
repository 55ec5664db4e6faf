"""Genuine webhooks are recognised, whatever their escapes and ports; everything else is not."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.datastructures import MultiDict

from telephony.provider.account import ProviderKind
from telephony.provider.account_kinds import provider_account
from telephony.provider.signatures import SignedRequest, is_genuine, sign

DATA = Path(__file__).resolve().parents[2] / "data"
VECTORS = json.loads((DATA / "signature_vectors.json").read_text("utf-8"))
WEBHOOKS = json.loads((DATA / "provider_webhooks.json").read_text("utf-8"))
TOKEN = "0123456789abcdef0123456789abcdef"
PUBLIC = "https://hotline.example.test"


def account(token=TOKEN, previous=None):
    return provider_account(
        name="twilio",
        kind=ProviderKind.TWILIO,
        account_sid="AC" + "0" * 32,
        auth_token=token,
        previous_auth_token=previous,
    )


def genuine(
    who, url, *, form=None, body=b"", content_type="application/x-www-form-urlencoded", method="POST", signature
):
    parts = urlsplit(url)
    request = SignedRequest(
        method=method,
        raw_path=parts.path,
        raw_query=parts.query,
        content_type=content_type,
        form=MultiDict(form or {}),
        body=body,
        signature=signature,
    )
    return is_genuine(who, request, public_base_url=f"{parts.scheme}://{parts.netloc}")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_every_published_vector_is_judged_rightly(vector):
    body = vector["body"]
    content_type = "application/json" if body else "application/x-www-form-urlencoded"

    verdict = genuine(
        account(vector["auth_token"]),
        vector["url"],
        form=vector["params"],
        body=(body or "").encode(),
        content_type=content_type,
        method=vector["method"],
        signature=vector["signature"],
    )

    assert verdict is vector["valid"]


@pytest.mark.parametrize("webhook", WEBHOOKS, ids=lambda w: w["name"])
def test_every_provider_body_is_genuine_as_signed_and_forged_after_any_change(webhook):
    example = webhook["example"]
    form = webhook["params"] if webhook["method"] == "POST" else {}
    who = account(example["auth_token"])
    sent = {"form": form, "method": webhook["method"], "signature": example["X-Twilio-Signature"]}

    assert genuine(who, example["url"], **sent)

    assert not genuine(who, example["url"] + "/x", **sent)
    assert not genuine(who, example["url"], **sent | {"method": "POST", "form": form | {"Extra": "1"}})


def test_the_previous_token_is_good_during_a_rotation_and_a_third_one_is_not():
    url = f"{PUBLIC}/webhooks/twilio/voice"
    old = sign("the-old-token", url, {"CallSid": "CA1"})

    assert genuine(account(previous="the-old-token"), url, form={"CallSid": "CA1"}, signature=old)
    assert not genuine(account(previous="another"), url, form={"CallSid": "CA1"}, signature=old)
    assert not genuine(account(previous=None), url, form={"CallSid": "CA1"}, signature=old)


def test_an_account_without_a_token_trusts_nobody_not_even_an_empty_key():
    url = f"{PUBLIC}/webhooks/twilio/voice"

    assert not genuine(account(token=""), url, signature=sign("", url))


def test_escapes_in_path_and_query_count_as_they_were_sent():
    url = f"{PUBLIC}/webhooks/twilio/menu?unit=Ph%C6%B0%E1%BB%9Dng%20S%C3%A0i+G%C3%B2n&turn=2"

    assert genuine(account(), url, form={"Digits": "1"}, signature=sign(TOKEN, url, {"Digits": "1"}))


def test_a_json_body_without_its_hash_is_refused_instead_of_raising():
    url = f"{PUBLIC}/webhooks/twilio/status"

    assert not genuine(account(), url, body=b"{}", content_type="application/json", signature=sign(TOKEN, url))


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 1000], ids=["not utf-8", "deep"])
def test_bytes_that_cannot_be_the_hashed_text_are_refused(body):
    url = f"{PUBLIC}/webhooks/twilio/status?bodySHA256=00"

    assert not genuine(account(), url, body=body, content_type="application/json", signature=sign(TOKEN, url))


def test_words_no_encoding_can_carry_are_refused_instead_of_raising():
    url = f"{PUBLIC}/webhooks/twilio/sms"

    assert not genuine(account(), url, form={"Body": "\udc80"}, signature="x")


def test_repeated_keys_are_signed_value_by_value():
    url = f"{PUBLIC}/webhooks/twilio/sms"
    form = MultiDict([("Digits", "5678"), ("Digits", "1234")])

    signature = sign(TOKEN, url, form)

    assert genuine(account(), url, form=form, signature=signature)
    assert not genuine(account(), url, form={"Digits": "5678"}, signature=signature)
