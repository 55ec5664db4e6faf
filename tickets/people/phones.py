"""Reading, normalising and masking phone numbers; what is special to Viet Nam's numbering plan is known here alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType


class PhoneKind(StrEnum):
    MOBILE = "mobile"
    LANDLINE = "landline"
    SERVICE = "service"
    SHORT_CODE = "short_code"
    OTHER = "other"


@dataclass(frozen=True)
class Phone:
    """`number` is E.164, or the bare digits of a national short code (1022), which has no international form."""

    number: str
    kind: PhoneKind
    country_code: int
    # Whoever calls it pays the one who is called.
    is_premium: bool = False

    @property
    def is_abroad(self) -> bool:
        return self.country_code != phonenumbers.country_code_for_region("VN")

    @property
    def is_of_a_person(self) -> bool:
        """No service, no exchange, no machine."""
        return self.kind in (PhoneKind.MOBILE, PhoneKind.LANDLINE)

    @property
    def may_get_sms(self) -> bool:
        return self.kind in (PhoneKind.MOBILE, PhoneKind.OTHER)

    @property
    def is_rung_instead(self) -> bool:
        """Takes no texts: what others read, somebody hears there."""
        return self.kind is PhoneKind.LANDLINE and not self.is_premium


# The library knows no Vietnamese short codes. Emergency, child protection, city and utility lines people really dial.
SHORT_CODES: dict[str, frozenset[str]] = {
    "VN": frozenset({"111", "112", "113", "114", "115", "116", "117", "119", "1022", "1080", "1081", "19001022"}),
}

# Eleven-digit mobile numbers became ten-digit ones in September–November 2018; old ones still stand in people's papers.
OLD_VIETNAMESE_MOBILE = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78",
    "123": "83", "124": "84", "125": "85", "127": "81", "129": "82",
    "162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37", "168": "38", "169": "39",
    "186": "56", "188": "58", "199": "59",
}  # fmt: skip

_KINDS = {
    PhoneNumberType.MOBILE: PhoneKind.MOBILE,
    PhoneNumberType.FIXED_LINE: PhoneKind.LANDLINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: PhoneKind.MOBILE,
    PhoneNumberType.TOLL_FREE: PhoneKind.SERVICE,
    PhoneNumberType.SHARED_COST: PhoneKind.SERVICE,
    PhoneNumberType.PREMIUM_RATE: PhoneKind.SERVICE,
    PhoneNumberType.UAN: PhoneKind.SERVICE,
}
_PREMIUM = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)


# One request reads the same number several times: whose it is, where an answer goes, what the form says of it.
@lru_cache(maxsize=512)
def parse_phone(raw: str | None, region: str = "VN") -> Phone | None:
    """The number a person or provider wrote, or None when it is not a dialable number of any country."""
    text = (raw or "").strip()
    if not text or len(text) > 40:
        return None
    digits = "".join(c for c in text if c.isdecimal() and c.isascii())
    if digits in SHORT_CODES.get(region, ()) and not text.startswith("+"):
        return Phone(digits, PhoneKind.SHORT_CODE, phonenumbers.country_code_for_region(region))
    if not _only_phone_characters(text):
        return None
    try:
        number = phonenumbers.parse(_modern(text, digits, region), region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    found = phonenumbers.number_type(number)
    written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return Phone(written, _KINDS.get(found, PhoneKind.OTHER), number.country_code or 0, found in _PREMIUM)


def mask(phone: str | None) -> str:
    """A number as people without the right to see it may see it: enough to tell two callers apart, not to call one.

    >>> mask("+84901234567")
    '+84******567'
    """
    if not phone:
        return ""
    if len(phone) <= 6:
        return phone if phone.isdecimal() and len(phone) <= 4 else "***"
    shown = 3 if phone.startswith("+") else 0
    return phone[:shown] + "*" * (len(phone) - shown - 3) + phone[-3:]


def national_digits(phone: str) -> str:
    """The digits a person in the number's own country dials: +84901234567 → 0901234567."""
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return "".join(c for c in phone if c.isdecimal())
    return "".join(c for c in phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL) if c.isdecimal())


def readable_phone(phone: str | None) -> str:
    """A phone number as people here write it: `+84901234567` → `090 123 4567`; others keep their country code."""
    if not phone:
        return ""
    if phone.startswith("+84") and phone[1:].isdigit():
        local = "0" + phone[3:]
        return f"{local[:3]} {local[3:-4]} {local[-4:]}" if len(local) >= 10 else local
    return phone


def _only_phone_characters(text: str) -> bool:
    return all((c.isascii() and c.isdecimal()) or c in "+()-./ \u00a0\u2010\u2011\u2012\u2013" for c in text)


def _modern(text: str, digits: str, region: str) -> str:
    """An old eleven-digit Vietnamese mobile number with its prefix of today; everything else as it was."""
    if digits.startswith("84"):
        national = digits[2:]
    elif region == "VN" and digits.startswith("0") and not text.startswith("+"):
        national = digits[1:]
    else:
        return text
    if len(national) == 10 and national[:3] in OLD_VIETNAMESE_MOBILE:
        return f"+84{OLD_VIETNAMESE_MOBILE[national[:3]]}{national[3:]}"
    # Providers also hand over "84901234567" without the plus sign.
    return f"+{digits}" if digits.startswith("84") and len(digits) >= 11 else text
