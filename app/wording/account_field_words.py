"""What of a provider account was changed, for readers of the trail: of its secrets only that they were."""

from collections.abc import Mapping

from flask_babel import LazyString, lazy_pgettext

ACCOUNT_FIELDS: Mapping[str, LazyString] = {
    "account_sid": lazy_pgettext("account field", "its number at the provider"),
    "signature_header": lazy_pgettext("account field", "header with the signature"),
    "api_base_url": lazy_pgettext("account field", "REST address"),
    "capabilities": lazy_pgettext("account field", "what it carries"),
    "media_hosts": lazy_pgettext("account field", "hosts that keep recordings"),
    "voice": lazy_pgettext("account field", "voice"),
    "text_sender": lazy_pgettext("account field", "name on texts"),
    "call_sender": lazy_pgettext("account field", "number on calls"),
    "longest_text": lazy_pgettext("account field", "longest text"),
    "templates": lazy_pgettext("account field", "registered texts"),
    "asked_in_order": lazy_pgettext("account field", "order"),
    "rate_text": lazy_pgettext("account field", "price of a text"),
    "rate_minute": lazy_pgettext("account field", "price of a minute"),
    "currency": lazy_pgettext("account field", "currency"),
    "country": lazy_pgettext("account field", "country"),
    "decision_no": lazy_pgettext("account field", "decision"),
    "auth_token": lazy_pgettext("account field", "token"),
    "api_key": lazy_pgettext("account field", "REST key"),
    "api_secret": lazy_pgettext("account field", "secret of the REST key"),
}
