"""The words, in both languages, for what the place resolver answers in codes: reasons, questions and their options."""

from collections.abc import Mapping

from tickets.directory.places.outcome import Option, Question, Why

_WHYS: Mapping[str, Mapping[str, str]] = {
    "name_today": {
        "vi": "{name} là tên gọi hiện nay.",
        "en": "{name} is its current name.",
    },
    "old_ward": {
        "vi": "{ward}, {district} trước đây nay thuộc đơn vị này.",
        "en": "The former {ward}, {district} is now part of it.",
    },
    "old_ward_divided": {
        "vi": "Một phần của {ward}, {district} trước đây nay thuộc đơn vị này.",
        "en": "Part of the former {ward}, {district} is now in it.",
    },
    "earlier_ward": {
        "vi": "{ward}, {district} đã nhập vào {through}, nay thuộc đơn vị này.",
        "en": "{ward}, {district} was merged into {through}, which is now part of it.",
    },
    "earlier_ward_divided": {
        "vi": "{ward}, {district} đã nhập vào {through}, nay một phần thuộc đơn vị này.",
        "en": "{ward}, {district} was merged into {through}, a part of which is now in it.",
    },
    "heard_as": {
        "vi": "“{said}” nghe giống {name}.",
        "en": "“{said}” is heard as {name}.",
    },
    "on_street": {
        "vi": "{name} đi qua địa bàn này.",
        "en": "{name} runs through it.",
    },
    "at_landmark": {
        "vi": "{name} nằm trên địa bàn này.",
        "en": "{name} lies in it.",
    },
    "near_point": {
        "vi": "Điểm trên bản đồ cách một điểm đã biết của {name} khoảng {metres} m.",
        "en": "The point on the map is about {metres} m from a point known to be in {name}.",
    },
    "in_district": {
        "vi": "Nằm trên địa bàn {district} trước đây.",
        "en": "It lies in the former {district}.",
    },
    "in_province": {
        "vi": "Nằm trên địa bàn {province} trước đây.",
        "en": "It lies in the former {province}.",
    },
}

_QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "which_part": {
        "vi": "{ward}, {district} trước đây đã được chia cho {options}. "
        "Địa điểm ở đường nào, khu phố nào hoặc gần nơi nào?",
        "en": "The former {ward}, {district} was divided between {options}. "
        "Which street, block or landmark is the place near?",
    },
    "which_ward": {
        "vi": "Địa điểm ở phường hoặc xã nào thuộc {area} trước đây{list}?",
        "en": "Which ward or commune of the former {area} is it in{list}?",
    },
    "which_ward_of": {
        "vi": "“{said}”: địa điểm ở phường hoặc xã nào{list}?",
        "en": "“{said}”: which ward or commune is the place in{list}?",
    },
    "district_or_ward": {
        "vi": "Có nhiều nơi mang tên “{said}”. Ông/bà muốn nói nơi nào?",
        "en": "Several places are called “{said}”. Which one do you mean?",
    },
    "old_or_new": {
        "vi": "“{said}” là tên gọi hiện nay hay tên cũ? {options}?",
        "en": "Is “{said}” a current name or a former one? {options}?",
    },
    "which_ward_near": {
        "vi": "Điểm trên bản đồ ({said}) cách nơi gần nhất mà hệ thống biết khoảng {metres} m: "
        "địa điểm thuộc phường hoặc xã nào{list}?",
        "en": "The point on the map ({said}) is about {metres} m from the nearest place that we know: "
        "which ward or commune is it in{list}?",
    },
    "which_district": {
        "vi": "“{said}” thuộc quận, huyện, thành phố nào trước đây{list}?",
        "en": "Which former district was “{said}” in{list}?",
    },
    "which_spelling": {
        "vi": "“{said}” viết có dấu như thế nào? {options}?",
        "en": "How is “{said}” written with its accents? {options}?",
    },
    "which_heard": {
        "vi": "“{said}” là {options}?",
        "en": "Does “{said}” mean {options}?",
    },
    "which_place": {
        "vi": "Phản ánh này về địa điểm nào: {options}?",
        "en": "Which place is it about: {options}?",
    },
    "ward_not_in_district": {
        "vi": "Chúng tôi không tìm thấy “{said}”. Đúng ra là {options}?",
        "en": "We cannot find “{said}”. Should it be {options}?",
    },
    "city_or_ward": {
        "vi": "“{said}” là {options} hay nói chung cả Thành phố?",
        "en": "Does “{said}” mean {options}, or the whole city?",
    },
    "confirm": {
        "vi": "Có phải địa điểm thuộc {options} không?",
        "en": "Is the place in {options}?",
    },
}

_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "unit": {"vi": "{unit} hiện nay", "en": "today's {unit}"},
    "old_ward": {"vi": "{ward}, {district} trước đây", "en": "the former {ward}, {district}"},
    "former_district": {"vi": "{district} trước đây", "en": "the former {district}"},
    "province": {"vi": "{province} trước đây", "en": "the former {province}"},
    "spelling": {"vi": "{name}", "en": "{name}"},
    "place": {"vi": "“{said}”", "en": "“{said}”"},
}

_OR: Mapping[str, str] = {"vi": " hay ", "en": " or "}
_AND: Mapping[str, str] = {"vi": " và ", "en": " and "}
_OTHERS: Mapping[str, str] = {"vi": "một nơi khác", "en": "another place"}

# A question is spoken and sent by SMS: nobody keeps more answers than these in mind.
_MOST_OPTIONS_IN_WORDS = 4
# In these questions the bare name of an option is clearer than what it is of.
_NAMED_BY: Mapping[str, str] = {
    "which_part": "unit",
    "which_ward": "unit",
    "which_ward_of": "unit",
    "which_ward_near": "unit",
    "which_district": "district",
    "city_or_ward": "unit",
    "confirm": "unit",
}


def why_text(why: Why, locale: str) -> str:
    return _in(_WHYS[why.code], locale).format_map(why.params)


def option_text(option: Option, locale: str) -> str:
    return _in(_OPTIONS[option.code], locale).format_map(option.params)


def question_text(question: Question, locale: str) -> str:
    """The question as it is asked, with at most four of its answers named in it."""
    named = list(dict.fromkeys(_name(question, option, locale) for option in question.options))
    joint = _in(_AND if question.id == "which_part" else _OR, locale)
    params = {
        **question.params,
        "options": _listed(_few(named, locale), joint),
        "list": "" if len(named) > _MOST_OPTIONS_IN_WORDS else f": {_listed(named, joint)}",
    }
    return _in(_QUESTIONS[question.id], locale).format_map(params)


def _name(question: Question, option: Option, locale: str) -> str:
    name = option.params.get(_NAMED_BY.get(question.id, ""))
    return name if name is not None else option_text(option, locale)


def _few(named: list[str], locale: str) -> list[str]:
    if len(named) <= _MOST_OPTIONS_IN_WORDS:
        return named
    return [*named[: _MOST_OPTIONS_IN_WORDS - 1], _in(_OTHERS, locale)]


def _listed(named: list[str], joint: str) -> str:
    return joint.join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else "".join(named)


def _in(texts: Mapping[str, str], locale: str) -> str:
    return texts["en" if locale.startswith("en") else "vi"]
