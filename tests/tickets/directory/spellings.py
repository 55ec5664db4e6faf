"""The ways people write one address: the rows of the reference data become texts here."""

import unicodedata
from collections.abc import Iterator

from tickets.directory.places.lexicon import bare

# Telex as a keyboard without its input method sends it: letters first, the tone at the end of the syllable.
_TELEX_LETTERS = {"ă": "aw", "â": "aa", "ê": "ee", "ô": "oo", "ơ": "ow", "ư": "uw", "đ": "dd"}
_TELEX_TONES = {"\u0300": "f", "\u0301": "s", "\u0303": "x", "\u0309": "r", "\u0323": "j"}
_SHORT_KINDS = {
    "ward": ("P.", "p", "P ", "F.", "f ", "phường ", "Ph. "),
    "commune": ("X.", "xã ", "x. "),
    "town": ("TT.", "TT ", "thị trấn "),
    "special_zone": ("đặc khu ",),
}
_SHORT_DISTRICTS = {
    "Quận": ("Q.", "Q", "quận ", "Q. "),
    "Huyện": ("H.", "huyện ", "H "),
    "Thành": ("TP.", "TP ", "thành phố ", "tp. ", "TX."),
}


def without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))


def raw_telex(text: str) -> str:
    return " ".join(_telex_word(word) for word in text.lower().split(" "))


def _telex_word(word: str) -> str:
    keys, tone = "", ""
    for letter in unicodedata.normalize("NFC", word):
        plain = "".join(c for c in unicodedata.normalize("NFD", letter) if c not in _TELEX_TONES)
        tone = next((_TELEX_TONES[c] for c in unicodedata.normalize("NFD", letter) if c in _TELEX_TONES), tone)
        base = unicodedata.normalize("NFC", plain)
        keys += _TELEX_LETTERS.get(base, base)
    return keys + tone if not keys.endswith((",", ".")) else keys[:-1] + tone + keys[-1]


def other_tone_placement(text: str) -> str:
    """ "hoà" for "hòa" and the other way round, in every syllable that knows both."""
    text = unicodedata.normalize("NFC", text)
    pairs = [("òa", "oà"), ("óa", "oá"), ("ỏa", "oả"), ("õa", "oã"), ("ọa", "oạ"), ("úy", "uý"), ("ùy", "uỳ")]
    for old, new in pairs:
        text = text.replace(old, "\0").replace(new, old).replace("\0", new)
    return text


def with_i_for_y(text: str) -> str:
    return text.translate(str.maketrans("ýỳỷỹỵ", "íìỉĩị"))


def ways_to_say(ward: str, district: str = "", province: str = "") -> Iterator[str]:
    """Texts that name this ward, in this district and province if given, as people write them."""
    for number, base in enumerate(_addresses(ward, district, province)):
        yield base
        yield unicodedata.normalize("NFD", base)
        yield without_marks(base).lower()
        if number % 3 == 0:
            yield base.lower()
            yield base.upper()
            yield other_tone_placement(base)
            yield with_i_for_y(base)
            yield without_marks(base).upper()
    full = " ".join(part for part in (ward, district, province) if part)
    yield raw_telex(full)
    yield raw_telex(full.replace("Phường", "P").replace("Quận", "Q"))
    yield f"Dạ cho em hỏi, nhà em ở {', '.join(p for p in (ward, district) if p)} nước ngập 3 ngày nay rồi ạ"
    yield without_marks(f"da cho em hoi nha em o {' '.join(p for p in (ward, district) if p)} ngap 3 ngay nay")
    yield f"12/3 đường số 5, KP 3, {', '.join(p for p in (ward, district, province) if p)}, TP.HCM"


def _addresses(ward: str, district: str, province: str) -> Iterator[str]:
    kind, name = bare(ward)
    wards = [ward, *(short + name for short in _SHORT_KINDS.get(kind, ()) if _readable(short, name))]
    if name.isdigit():
        wards += [f"P.{int(name):02}", f"phường {int(name):02}", f"P{name}", f"phuong{name}"]
    if not district:
        yield from wards
        return
    for said in wards:
        yield f"{said}, {district}"
        yield f"{said} {district}"
    for said in _districts(district):
        yield f"{ward}, {said}"
        yield f"{wards[-1]} {said}"
        yield f"{wards[-1]} - {said} - TP.HCM"
    if province:
        yield f"{ward}, {district}, {province}"
        yield f"{ward}, {bare(district)[1] if not bare(district)[1].isdigit() else district}, {bare(province)[1]}"
    if name.isdigit() and bare(district)[1].isdigit():
        yield f"P{name}Q{bare(district)[1]}"
        yield f"F{name} Q{bare(district)[1]}"
        yield f"Q{bare(district)[1]} P{name}"
    yield f"{district}, {ward}"


def _districts(district: str) -> Iterator[str]:
    name = bare(district)[1]
    yield from (short + name for short in _SHORT_DISTRICTS[district.split(maxsplit=1)[0]] if _readable(short, name))
    if not name.isdigit():
        yield name


def _readable(short: str, name: str) -> bool:
    """A letter glued to a name is no abbreviation anybody would write."""
    return not short[-1].isalpha() or name.isdigit()
