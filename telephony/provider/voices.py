"""Which name a provider's voice may have that is to read the language of the city. Pure.

A name that the provider does not have, or of another language, ends the call at the first word: it is judged when it
is typed. Of a server of the city's own nobody knows the voices; of it only what cannot read the language is refused.
"""

import re

from telephony.provider.account import ProviderKind
from telephony.provider.spoken_document import LANGUAGE_TAGS, VOICE_LOCALE, VOICES

_TAG = LANGUAGE_TAGS[VOICE_LOCALE]
# As Twilio lists them for this language; of the newest kind each is named after a star, and more are added.
_NAMES = re.compile(rf"Google\.{_TAG}-(Standard-[A-D]|Wavenet-[A-D]|Neural2-[AD]|Chirp3-HD-[A-Z][a-z]{{2,20}})")
_ANY_TAG = re.compile(r"(?<![A-Za-z])(cmn|[a-z]{2})-(?:[A-Z][a-z]{3}-)?[A-Z]{2}(?![A-Za-z])")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,79}")
# Amazon's and the plain ones have no voice for it.
_WITHOUT_IT = re.compile(r"(Polly\..*|man|woman|alice)", re.IGNORECASE)
USUAL = VOICES[VOICE_LOCALE]


def voice_fault(kind: ProviderKind, name: str) -> str:
    """The code of what is wrong with it; empty for a name that may be used. No name is the usual voice."""
    if not name:
        return ""
    if not _NAME.fullmatch(name):
        return "not_a_voice"
    others = {found.group() for found in _ANY_TAG.finditer(name)} - {_TAG}
    if _WITHOUT_IT.fullmatch(name) or others:
        return "voice_of_another_language"
    return "unknown_voice" if kind is ProviderKind.TWILIO and not _NAMES.fullmatch(name) else ""
