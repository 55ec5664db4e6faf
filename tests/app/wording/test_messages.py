"""Words of messages: every template in both languages, with names, times and secrets where they belong."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.wording.messages import LINK_MARK, MESSAGE_TEMPLATES, PIN_MARK, NoSuchMessage, message_app, render
from telephony.sms.text import sms_size

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
WARD = {"vi": "Ủy ban nhân dân Phường Sài Gòn", "en": "Sai Gon Ward"}
# Whatever any template asks for.
EVERYTHING = {
    "step_id": 1, "reference": "2600421733", "level": 4, "clock": "resolve", "priority": "urgent", "has_pin": True,
    "due_at": (NOW - timedelta(hours=3)).isoformat(), "unit": WARD, "unit_en": "Sai Gon Ward", "code": "48213",
    "category": {"vi": "Lấn chiếm vỉa hè", "en": "Pavements taken up"}, "instruction": "Báo cáo trước 17 giờ",
    "new_due_at": (NOW + timedelta(days=1)).isoformat(), "fell_through_to": 3, "body": "Chúng tôi đã xử lý.",
    "missing": "sent", "opened_at": NOW.isoformat(), "status": "open", "places": [WARD, WARD],
    "references": ["2600421733", "2600421741"], "count": 12, "is_repeat": False, "by": "Huỳnh Thanh Vân",
    "at": NOW.isoformat(), "holds_until": (NOW + timedelta(hours=4)).isoformat(),
    "name": "Huỳnh Thanh Vân", "until": (NOW + timedelta(minutes=15)).isoformat(),
    "chain": "resolve-ward", "card": {"vi": "Bạo lực", "en": "Violence"},
    "from_at": NOW.isoformat(), "to_at": NOW.isoformat(), "note": "Cống Nguyễn Huệ chưa thông.",
    "state": "asked", "person": "Trần Thị Lan", "post": {"vi": "Cán bộ trực", "en": "Duty officer"},
    "starts_at": NOW.isoformat(), "ends_at": (NOW + timedelta(hours=8)).isoformat(),
    "items": [{"reference": "2600421733", "unit": WARD, "level": 2, "clock": "resolve",
    "due_at": NOW.isoformat(), "told_at": NOW.isoformat(), "code": "482130", "outcome": "acknowledge_taken",
    "post": {"vi": "Cán bộ trực", "en": "Duty officer"}, "from_at": NOW.isoformat(), "lacks": 4, "graves": 1,
    "to_at": (NOW + timedelta(hours=8)).isoformat()}] * 10,
    "answer": "Đã dọn xong.", "answer_by": NOW.isoformat(), "reason": "đi họp", "is_further": False,
    "passes_up": False, "instructs": False, "by_sms": True, "next_level": 4,
    "next_at": (NOW + timedelta(hours=4)).isoformat(),
    "bulletin": {"vi": "Mất nước đến 18 giờ.", "en": "No water until 6 pm."}, "closing": {"vi": "", "en": ""},
    "works_for": WARD, "graves": 3, "units": [WARD, WARD], "is_late": True,
    "problem_id": 7, "people": 12, "usual": 0.4,
    "cause": "expired", "line": "+842838000000", "case": "2600421758",
    "capacity": "holder", "decision": "12/QĐ-UBND",
    "why": "too_late", "expected_at": (NOW + timedelta(days=5)).isoformat(),
}  # fmt: skip


def message_names() -> set[tuple[str, str]]:
    """Every (template, channel) that can be rendered."""
    return {
        (name, channel) for name, channel in (path.stem.rsplit(".", 1) for path in MESSAGE_TEMPLATES.glob("*.*.txt"))
    }


@pytest.fixture(scope="module")
def words(settings):
    """A context in which messages can be rendered, as the worker has it."""
    with message_app(settings).app_context():
        yield lambda name, channel, locale, **more: render(
            name, channel, {**EVERYTHING, **more}, locale=locale, base_url="https://hotline.example.vn", now=NOW
        )


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_a_list_of_many_names_levels_also_beside_news_of_the_rota(words, channel):
    items = [{"template": "swap", "state": "asked"}, {"template": "warning", "reference": "2600421733", "level": 2}]

    said = words("gathered", channel, "en", items=items, count=2).text

    assert "a notice on your page" in said and "level 2" in said


@pytest.mark.parametrize(("name", "channel"), sorted(message_names()))
@pytest.mark.parametrize("locale", ["vi", "en"])
def test_every_message_renders_in_every_language(words, name, channel, locale):
    said = words(name, channel, locale)

    assert said.text
    assert bool(said.subject) == (channel == "email")
    assert "%(" not in said.text + said.subject
    assert "{" not in said.text


@pytest.mark.parametrize("locale", ["vi", "en"])
@pytest.mark.parametrize("reference", ["2600421733", ""])
def test_whoever_was_not_reached_reads_whole_sentences_where_the_city_has_no_line(words, locale, reference):
    said = words("callback_not_reached", "sms", locale, line="", reference=reference).text

    assert said.count(".") == 2 and not {" ,", " .", "  "} & {said[i : i + 2] for i in range(len(said))}


@pytest.mark.parametrize("channel", ["email", "screen"])
def test_whether_nobody_answers_or_nobody_was_reached_is_said_apart(words, channel):
    said = {words("nobody_reachable", channel, "en", unreached=unreached) for unreached in (False, True)}

    assert len(said) == 2
    assert "has reached anybody" in words("nobody_reachable", "screen", "en", unreached=True).text


@pytest.mark.parametrize("channel", ["email", "screen"])
@pytest.mark.parametrize("unreached", [False, True])
def test_an_alarm_about_a_restricted_request_does_not_name_it(words, channel, unreached):
    said = words("nobody_reachable", channel, "en", unreached=unreached, reference="").text

    assert "equest confidential" in said


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_whoever_may_not_appeal_is_told_why(words, locale):
    every = ("is_appeal", "not_closed", "too_late", "appealed_before", "no_words")

    said = {words("appeal_refused", "sms", locale, why=why).text for why in every}

    assert len(said) == len(every)


@pytest.mark.parametrize(("name", "channel"), sorted(message_names()))
def test_no_vietnamese_message_is_the_english_one(words, name, channel):
    # What the citizen or a leader wrote themselves is the same in every language.
    own = {"body": "", "instruction": "", "answer": "", "reason": ""}

    assert words(name, channel, "vi", **own) != words(name, channel, "en", **own)


@pytest.mark.parametrize("name", sorted(name for name, channel in message_names() if channel == "sms"))
@pytest.mark.parametrize("locale", ["vi", "en"])
def test_an_sms_costs_at_most_five_segments_with_its_link(words, name, locale):
    said = words(name, "sms", locale, body="").text.replace(LINK_MARK, "https://hotline.example.vn/a/" + "x" * 24)

    assert sms_size(said).segments <= 5


def test_a_level_says_which_how_late_and_how_to_answer(words):
    said = words("escalation_level", "sms", "vi").text

    assert "26 0042 1733" in said
    assert "cấp 4" in said
    assert "06:00 hôm nay" in said
    assert LINK_MARK in said
    assert "GN 48213" in said


def test_a_ticket_that_waits_twice_is_asked_about_by_what_is_late(words):
    twice = [{"code": f"48213{n}", "reference": "2600421733", "level": 2, "clock": n and "first"} for n in (0, 1)]

    said = words("acknowledge_which", "sms", "vi", items=twice, count=2).text

    assert "482130 (26 0042 1733), 482131 (26 0042 1733, trả lời lần đầu)." in said


def test_a_level_offers_only_what_its_reader_can_do(words):
    for channel in ("sms", "email"):
        whole = words("escalation_level", channel, "vi").text
        at_the_top = words("escalation_level", channel, "vi", next_level=None).text
        without_phone = words("escalation_level", channel, "vi", by_sms=False).text
        assert "GN 48213" in whole
        assert "TC 48213" in whole
        assert "TC" not in at_the_top
        assert "GN" not in without_phone
        assert "TC" not in without_phone
    assert "phím 2" in words("escalation_level", "voice", "vi").text
    assert "phím 2" not in words("escalation_level", "voice", "vi", next_level=None).text


def test_an_emergency_that_is_not_due_yet_is_not_called_late(words):
    said = words("escalation_level", "sms", "en", due_at=(NOW + timedelta(hours=1)).isoformat()).text

    assert "emergency" in said
    assert "is due" in said


@pytest.mark.parametrize("channel", ["sms", "screen"])
@pytest.mark.parametrize(
    ("inherited", "said"),
    [(0, "đã báo cáo đến ông/bà"), (12, "vì ông/bà đang giữ trách nhiệm này"), (5, "đã báo cáo đến ông/bà")],
)
def test_the_morning_list_says_why_it_comes(words, channel, inherited, said):
    assert said in words("daily_list", channel, "vi", inherited=inherited).text


def test_the_morning_mail_says_of_each_line_what_is_late_and_why_it_is_listed(words):
    told = {**EVERYTHING["items"][0]}

    mail = words("daily_list", "email", "en", items=[told, {**told, "told_at": None}], count=2).text

    assert "Resolution: due 09:00 today · reported to you 09:00 today" in mail
    assert "yours because you hold this responsibility now" in mail


def test_the_morning_mail_names_the_matter_and_whoever_was_late_with_it(words):
    line = {**EVERYTHING["items"][0], "unit": {"vi": "", "en": "Ward A"}, "now_at": {"vi": "", "en": "Ward B"}}
    lines = [{**line, "matter": {"vi": "", "en": "Rubbish"}}, {**line, "is_restricted": True}]

    mail = words("daily_list", "email", "en", items=lines, count=2).text

    assert "Ward A (now at Ward B) · Rubbish · Resolution" in mail
    assert "Ward A (now at Ward B) · a confidential matter · Resolution" in mail


def test_the_morning_mail_gathers_the_rest_by_unit_and_names_each(words):
    line, matter = EVERYTHING["items"][0], {"step_id": 1, "reference": "2600421733"}
    others = [
        {"unit": {"vi": "", "en": "Ward A"}, "matters": [matter, matter]},
        {"unit": {"vi": "", "en": "Ward B"}, "matters": [matter]},
    ]

    mail = words("daily_list", "email", "en", items=[line], others=others, count=4).text

    named = "26 0042 1733"
    assert f"and 3 more: Ward A 2 ({named}, {named}); Ward B 1 ({named})\n" in mail


def test_a_subject_cannot_carry_a_header(words):
    said = words("ticket_reply", "email", "en", reference="1\r\nBcc: all@example.vn")

    assert "\n" not in said.subject


def test_a_mark_that_somebody_wrote_is_words_and_gets_no_secret_put_in_its_place(words):
    said = words("instruction", "sms", "vi", instruction=f"Xem {LINK_MARK} và {PIN_MARK}").text

    assert "Xem link và pin" in said


def test_an_unknown_language_gets_the_default_one_and_an_unknown_message_is_our_mistake(words):
    assert words("citizen_wrote", "screen", "xx") == words("citizen_wrote", "screen", "vi")
    with pytest.raises(NoSuchMessage):
        words("no_such_message", "sms", "vi")


def test_every_message_posted_anywhere_has_its_template():
    root = Path(__file__).resolve().parents[3]
    known = {name for name, _ in message_names()}
    sources = [path for room in ("tickets", "telephony", "escalation", "app") for path in (root / room).rglob("*.py")]

    posted = {name for path in sources for name in re.findall(r'\btemplate="(\w+)"', path.read_text("utf-8"))}

    assert "ticket_reply" in posted
    assert posted <= known
