"""Why a ticket stands where it stands, in words: the codes of `tickets/routing.py` in both languages."""

from collections.abc import Mapping
from typing import Any

_TEXTS: Mapping[str, tuple[str, str]] = {
    "category_guessed": (
        "Lĩnh vực được gợi ý là “{category}” vì nội dung có “{words}”.",
        "The category “{category}” was suggested by the words “{words}”.",
    ),
    "emergency_said": (
        "Khẩn cấp: người dân chọn khẩn cấp.",
        "Emergency: the citizen said so.",
    ),
    "emergency_category": (
        "Khẩn cấp: lĩnh vực “{category}” luôn là khẩn cấp.",
        "Emergency: the category “{category}” always is.",
    ),
    "emergency_words": (
        "Khẩn cấp: nội dung có “{words}”.",
        "Emergency: the text says “{words}”.",
    ),
    "conduct_staff": (
        "Phản ánh về cán bộ của {unit}: chuyển người đứng đầu đơn vị, chỉ người có tên được xem.",
        "About staff of {unit}: goes to the head of that unit, seen by named people only.",
    ),
    "conduct_city": (
        "Phản ánh về người đứng đầu hoặc về {unit}: chuyển cấp Thành phố, đơn vị không xem được.",
        "About the head of {unit} or the unit as such: goes to the city, and the unit does not see it.",
    ),
    "conduct_unknown_unit": (
        "Phản ánh về cán bộ nhưng chưa rõ đơn vị nào: chuyển cấp Thành phố để hỏi thêm.",
        "About staff, but of which unit is not known yet: goes to the city, which asks.",
    ),
    "city_department": (
        "{unit} là đơn vị chịu trách nhiệm ở cấp Thành phố.",
        "{unit} is responsible at city level.",
    ),
    "city_triage_level": (
        "Thuộc cấp Thành phố nhưng chưa xác định được sở: chuyển điều phối.",
        "For the city level, but no department is named: goes to triage.",
    ),
    "undecided": (
        "Chưa xác định được đơn vị: điều phối viên sẽ hỏi người dân.",
        "No unit could be told yet: triage asks the citizen.",
    ),
    "procedure_ward": (
        "Thủ tục “{procedure}” do cấp phường, xã giải quyết.",
        "The procedure “{procedure}” is decided at ward level.",
    ),
    "procedure_city": (
        "Thủ tục “{procedure}” do cấp Thành phố giải quyết.",
        "The procedure “{procedure}” is decided at city level.",
    ),
    "procedure_boundary_free": (
        "Thủ tục “{procedure}” không phụ thuộc địa giới: nơi người dân chọn sẽ giải quyết.",
        "The procedure “{procedure}” is boundary-free: it stays with the unit the citizen chose.",
    ),
    "category_ward": (
        "Lĩnh vực “{category}” do cấp phường, xã giải quyết.",
        "The category “{category}” is answered at ward level.",
    ),
    "category_city": (
        "Lĩnh vực “{category}” do cấp Thành phố giải quyết.",
        "The category “{category}” is answered at city level.",
    ),
    "unit_chosen": (
        "Người dân chọn {unit}.",
        "The citizen chose {unit}.",
    ),
    "place_unique": (
        "“{said}” nay thuộc {unit}.",
        "“{said}” belongs to {unit} today.",
    ),
    "place_split": (
        "“{said}” nay thuộc nhiều đơn vị: {units}.",
        "“{said}” was divided between {units}.",
    ),
    "place_ambiguous": (
        "“{said}” có thể là {units}.",
        "“{said}” may mean {units}.",
    ),
    "place_none": (
        "Chưa hiểu được địa bàn “{said}”.",
        "The place “{said}” could not be understood.",
    ),
    "line_dialled": (
        "Người dân gọi đường dây nóng của {unit} ({line}).",
        "The line of {unit} was dialled ({line}).",
    ),
    "city_answers": (
        "{unit} không có người trực: tổng đài Thành phố tiếp nhận, phiếu vẫn thuộc đơn vị.",
        "{unit} has nobody on call: the city answers, the ticket stays the unit's.",
    ),
}
# Lists of names are told whole up to this many, then counted.
_NAMES_TOLD = 6


def reason_text(code: str, params: Mapping[str, Any], locale: str) -> str:
    """One sentence for a reason; a code this version does not know is shown as it is rather than hidden."""
    texts = _TEXTS.get(code)
    if texts is None:
        return code
    words = _Spoken(params, english=locale == "en")
    return (texts[1] if locale == "en" else texts[0]).format_map(words)


class _Spoken(dict[str, str]):
    """The parameters as words: the English name where there is one, lists joined, what is missing as a dash."""

    def __init__(self, params: Mapping[str, Any], *, english: bool) -> None:
        super().__init__()
        for name, value in params.items():
            if name.endswith("_en"):
                continue
            told = params.get(f"{name}_en") or value if english else value
            self[name] = _listed(told) if isinstance(told, list) else str(told)

    def __missing__(self, key: str) -> str:
        return "—"


def _listed(names: list[Any]) -> str:
    told = ", ".join(str(name) for name in names[:_NAMES_TOLD])
    return told if len(names) <= _NAMES_TOLD else f"{told} … (+{len(names) - _NAMES_TOLD})"
