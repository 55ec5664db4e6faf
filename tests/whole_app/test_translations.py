"""Every sentence the product says has its Vietnamese, once, with the same placeholders."""

import ast
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from app.phone.answers import SPOKEN_STEPS
from app.scopes import SCOPES
from app.seeding.imports import FILE_KINDS
from app.web.administration.rule_words import ACTION_WORDS
from app.wording import (
    codes,
    contact_codes,
    guidance_words,
    looks,
    posted_words,
    problem_words,
    system_words,
    trail_words,
    translations,
)
from app.wording.messages import MESSAGE_TEMPLATES
from app.wording.rule_faults import FAULT_WORDS
from escalation.firing.actions import ACTIONS
from telephony.provider.event_keys import NOTICE_STEP
from telephony.provider.spoken_document import STATUS_STEPS
from tickets import states

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}|%%")
ACTION = re.compile(r"[a-z_]+\.[a-z_]+")
WRITES_TRAIL = re.compile(r"_?(record|entry|note|audit|note_call|note_offer)$")
VIETNAMESE = translations.CATALOGUES / "vi"
VOICE = translations.ROOT / "templates" / "voice" / "vi.yaml"
CANNED_ANSWERS = translations.ROOT / "app" / "seeding" / "demonstration" / "answers.yaml"
OTHER_LANGUAGES = [locale for locale in translations.languages() if locale != "en"]


@pytest.fixture(scope="module")
def said() -> list[Message]:
    catalogue = translations.extracted(translations.ROOT / source for source in translations.SOURCES)
    return [message for message in catalogue if message.id]


@pytest.mark.parametrize("locale", OTHER_LANGUAGES)
def test_every_message_is_translated(locale: str, said: list[Message]) -> None:
    known = translations.merged(locale)

    untranslated = [
        translations.key_of(message)[1]
        for message in said
        if not translations.is_translated(translations.twin(known, message))
    ]

    assert untranslated == [], f"add them: python -m app.wording.translations extract --group … --locale {locale}"


def test_no_message_stands_where_it_is_not_found() -> None:
    """Extraction reads no f-string, so that a message within one would be told in English to everybody."""
    hidden = [
        f"{file.relative_to(translations.ROOT)}:{call.lineno}"
        for source in translations.SOURCES
        for file in sorted((translations.ROOT / source).rglob("*.py"))
        for written in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(written, ast.JoinedStr)
        for call in ast.walk(written)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in translations.KEYWORDS
        if any(isinstance(said, ast.Constant) for said in call.args)
    ]

    assert hidden == []


@pytest.mark.parametrize("locale", OTHER_LANGUAGES)
def test_a_translation_keeps_the_placeholders_of_its_message(locale: str) -> None:
    broken = [
        translations.key_of(message)[1]
        for message in translations.merged(locale)
        if message.id
        for spoken in _strings(message)
        # A singular may say "one" where another language needs the number, so the plural decides.
        if sorted(set(PLACEHOLDER.findall(spoken))) != sorted(set(PLACEHOLDER.findall(_fullest(message))))
    ]

    assert broken == []


@pytest.mark.parametrize("locale", OTHER_LANGUAGES)
def test_a_message_stands_in_one_file_only(locale: str) -> None:
    owners: dict[translations.MessageKey, str] = {}
    twice = []

    for path in translations.catalogue_files(locale):
        for message in translations.read_catalogue(path, locale):
            key = translations.key_of(message)
            if message.id and owners.setdefault(key, path.name) != path.name:
                twice.append(f"{key[1]!r} in {owners[key]} and {path.name}")

    assert twice == []


def test_two_files_that_disagree_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "vi"
    folder.mkdir()
    (folder / "one.po").write_text('msgid "Close"\nmsgstr "Đóng"\n', encoding="utf-8")
    (folder / "two.po").write_text('msgid "Close"\nmsgstr "Kết thúc"\n', encoding="utf-8")
    monkeypatch.setattr(translations, "CATALOGUES", tmp_path)

    with pytest.raises(translations.CataloguesDisagree, match=r"one\.po and two\.po"):
        translations.merged("vi")


def test_extracting_adds_only_what_no_other_group_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "locales" / "vi"
    folder.mkdir(parents=True)
    (folder / "layout.po").write_text('msgid "Close"\nmsgstr "Đóng"\n', encoding="utf-8")
    page = tmp_path / "page.html"
    page.write_text('{{ _("Close") }} {{ ngettext("%(num)s call", "%(num)s calls", 2) }}', encoding="utf-8")
    monkeypatch.setattr(translations, "CATALOGUES", tmp_path / "locales")

    assert translations.main(["extract", "--group", "console", str(page)]) == 0
    assert translations.main(["extract", "--group", "console", str(page)]) == 0

    added = translations.read_catalogue(folder / "console.po", "vi")
    assert [message.id for message in added if message.id] == [("%(num)s call", "%(num)s calls")]


def test_pruning_removes_what_is_said_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "vi"
    folder.mkdir()
    source = folder / "layout.po"
    source.write_text('msgid "Close"\nmsgstr "Đóng"\n\nmsgid "Gone"\nmsgstr "Đã bỏ"\n', encoding="utf-8")
    page = tmp_path / "page.html"
    page.write_text('{{ _("Close") }}', encoding="utf-8")
    monkeypatch.setattr(translations, "CATALOGUES", tmp_path)

    removed = translations.prune("vi", translations.extracted([page]))

    assert removed == 1
    assert [(message.id, message.string) for message in translations.merged("vi") if message.id] == [("Close", "Đóng")]


def test_catalogues_are_compiled_again_only_when_a_source_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "locales" / "vi"
    folder.mkdir(parents=True)
    source = folder / "layout.po"
    source.write_text('msgid "Close"\nmsgstr "Đóng"\n', encoding="utf-8")
    monkeypatch.setattr(translations, "CATALOGUES", tmp_path / "locales")
    compiled_once = translations.compiled(tmp_path / "cache")

    unchanged = translations.compiled(tmp_path / "cache")
    source.write_text('msgid "Close"\nmsgstr "Kết thúc"\n', encoding="utf-8")

    assert unchanged == compiled_once
    assert translations.translations("vi", tmp_path / "cache").gettext("Close") == "Kết thúc"


CODES: list[tuple[type[StrEnum], Mapping[str, object]]] = [
    (states.TicketStatus, codes.STATUSES),
    (states.Priority, codes.PRIORITIES),
    (states.Channel, codes.CHANNELS),
    (states.ClockKind, codes.CLOCK_KINDS),
    (states.ClockStatus, codes.CLOCK_STATES),
    (states.Disposition, codes.DISPOSITIONS),
    (states.Role, codes.ROLES),
    (states.PresenceState, contact_codes.PRESENCES),
    (states.UnitKind, codes.UNIT_KINDS),
    (states.StepResult, codes.STEP_RESULTS),
    (states.TimelineKind, codes.TIMELINE_KINDS),
    (states.OutboundChannel, contact_codes.OUTBOUND_CHANNELS),
    (states.OutboundState, contact_codes.OUTBOUND_STATES),
    (states.CallState, contact_codes.CALL_STATES),
    (states.OfferOutcome, contact_codes.OFFER_OUTCOMES),
    (states.CallbackState, contact_codes.CALLBACK_STATES),
    (states.CallbackReason, contact_codes.CALLBACK_REASONS),
    (states.RecordingKind, contact_codes.RECORDING_KINDS),
    (states.RecordingState, contact_codes.RECORDING_STATES),
    (states.QueueKind, codes.QUEUE_KINDS),
    (states.Level, codes.COMPETENCE_LEVELS),
    (states.ActorKind, codes.ACTOR_KINDS),
    (states.DraftForm, codes.DRAFT_FORMS),
    (states.GuidanceState, guidance_words.GUIDANCE_STATES),
    (states.ProblemState, problem_words.PROBLEM_STATES),
    (states.TicketStatus, looks.ICON_LOOKS["status"]),
    (states.Priority, looks.ICON_LOOKS["priority"]),
    (states.Channel, looks.ICON_LOOKS["channel"]),
    (states.ClockStatus, looks.ICON_LOOKS["clock"]),
    (states.PresenceState, looks.ICON_LOOKS["presence"]),
    (states.OutboundState, looks.ICON_LOOKS["outbound"]),
    (states.StepResult, looks.ICON_LOOKS["step"]),
    (states.CallState, looks.ICON_LOOKS["call"]),
    (states.TimelineKind, looks.ICON_LOOKS["timeline"]),
]


@pytest.mark.parametrize(("kind", "table"), CODES, ids=lambda value: getattr(value, "__name__", ""))
def test_every_code_has_a_word_and_where_it_is_drawn_a_sign(kind: type[StrEnum], table: Mapping[str, object]) -> None:
    assert {str(code) for code in kind} - set(table) == set()


def test_every_action_of_a_level_has_a_word() -> None:
    assert set(ACTIONS) - set(ACTION_WORDS) == set()


def test_whatever_is_audited_sent_or_received_has_words_for_administrators() -> None:
    rooms = [
        path
        for room in ("app", "tickets", "telephony", "escalation")
        for path in (translations.ROOT / room).rglob("*.py")
    ]
    put_together = {f"directory.{kind.replace('-', '_')}_imported" for kind in FILE_KINDS} | {
        "escalation.fired", "escalation.warned", "ticket.assigned", "ticket.category_changed", "ticket.claimed",
        "ticket.place_changed", "ticket.priority_changed", "ticket.returned", "ticket.transferred",
    }  # fmt: skip
    recorded = {action for path in rooms for action in _recorded(path)}
    sent = {path.name.split(".")[0] for path in MESSAGE_TEMPLATES.glob("*.txt")}
    received = SPOKEN_STEPS | {NOTICE_STEP} | STATUS_STEPS | {"sms"}

    assert {"ticket.moved", "call.held", "callback.done", "message.read", "policy.versioned"} <= recorded
    assert (recorded | put_together) - set(trail_words.AUDIT_ACTIONS) == set()
    assert sent - set(posted_words.OUTBOUND_TEMPLATES) == set()
    assert received - set(system_words.WEBHOOK_KINDS) == set()
    assert set(SCOPES) == set(system_words.SCOPE_WORDS)


def _recorded(path: Path) -> set[str]:
    """The actions that calls which write the trail name in full."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    writing = [call for call in calls if WRITES_TRAIL.match(ast.unparse(call.func).rpartition(".")[2])]
    words = {
        word.value
        for call in writing
        for given in (*call.args, *(one.value for one in call.keywords))
        for word in ast.walk(given)
        if isinstance(word, ast.Constant) and isinstance(word.value, str)
    }
    return {word for word in words if ACTION.fullmatch(word)}


def test_every_fault_of_a_file_of_promises_has_words() -> None:
    source = (translations.ROOT / "tickets/promises/policy_file.py").read_text("utf-8")

    codes_named = set(re.findall(r'"((?:bad|no|not|too|unknown|levels|offsets)_[a-z_]+|twice)"', source))

    assert {"bad_target", "no_such_chain", "twice"} <= codes_named
    assert codes_named - set(FAULT_WORDS) == set()


def test_nobody_climbs_in_vietnamese() -> None:
    """The vocabulary says "báo cáo cấp trên"; "leo thang" is a word for conflicts."""
    spoken = [text for message in translations.merged("vi") if message.id for text in _strings(message)]

    assert [text for text in spoken if "leo thang" in text.lower()] == []


def test_people_are_addressed_as_an_office_addresses_them() -> None:
    """Citizens and leaders are "ông/bà", staff "anh/chị" or nobody; "bạn" is for friends and shops."""
    to_citizens = [VIETNAMESE / f"{group}.po" for group in ("public", "messages", "telephony")]
    spoken = {path: path.read_text("utf-8").lower() for path in VIETNAMESE.glob("*.po")}
    spoken |= {path: path.read_text("utf-8").lower() for path in (VOICE, CANNED_ANSWERS)}

    friendly = [path.name for path, said in spoken.items() if re.search(r"\bbạn\b", said)]
    as_colleagues = [
        path.name for path in (*to_citizens, VOICE, CANNED_ANSWERS) if re.search(r"\banh/chị\b", spoken[path])
    ]

    assert (friendly, as_colleagues) == ([], [])


def _strings(message: Message) -> Iterator[str]:
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return (text for text in strings if text)


def _fullest(message: Message) -> str:
    return str(message.id[-1]) if isinstance(message.id, tuple | list) else str(message.id)
