"""Administrators record what callers hear: brought, listened to, replaced, withdrawn, and marked when words change."""

import io

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from app.wording.recorded_pieces import words_of_piece
from tests.app.storage.test_telephone_sound import pcm, tone
from tests.app.web.administration.desk import HERE, NOW, audited, post, shown
from tests.signing_in import sign_in
from tickets.schema import RecordedPrompt
from tickets.states import Role

LIST, PAGE = f"{HERE}/prompts", f"{HERE}/prompts/vi/menu_report"
WORDS = words_of_piece("menu_report", "vi")


def wav(seconds: float = 1.0) -> tuple[io.BytesIO, str]:
    return io.BytesIO(pcm(tone(seconds, rate=16_000), rate=16_000)), "báo việc.wav"


def bring(browser: FlaskClient, **more: object) -> object:
    return post(browser, PAGE, **{"words": WORDS, "sound": wav(), **more})


def test_a_recording_is_brought_listened_to_replaced_and_withdrawn(browser: FlaskClient, session: Session) -> None:
    assert bring(browser).status_code == 303

    page = shown(browser, PAGE)
    assert "recorded" in page
    assert "báo việc.wav" in page
    kept = session.scalars(select(RecordedPrompt)).one()
    sound = browser.get(f"{LIST}/sounds/{kept.id}")
    assert (sound.mimetype, sound.data[:4]) == ("audio/wav", b"RIFF")
    assert f"{LIST}/sounds/{kept.id}" in page

    bring(browser, sound=wav(2.0))
    assert "Replace the recording" in shown(browser, PAGE)
    assert len(session.scalars(select(RecordedPrompt)).all()) == 2
    post(browser, f"{PAGE}/withdraw")

    page = shown(browser, PAGE)
    assert "said by the voice" in page
    assert page.count("báo việc.wav") == 2, "every version stays to be listened to"
    assert len(audited(session, "recorded_prompt.replaced")) == 1
    assert len(audited(session, "recorded_prompt.withdrawn")) == 1


def test_the_list_says_what_is_recorded_out_of_date_and_said_by_the_voice(
    browser: FlaskClient, session: Session
) -> None:
    bring(browser)
    session.add(
        RecordedPrompt(
            locale="vi", code="greeting", words="Xin chào", sound=b"RIFF", sha256="0" * 64, seconds=1.0,
            file_name="a.wav", recorded_at=NOW,
        )
    )  # fmt: skip
    session.flush()

    page = shown(browser, LIST)
    assert "1 recording says what we no longer say" in page
    assert PAGE in shown(browser, f"{LIST}?only=recorded")
    assert PAGE not in shown(browser, f"{LIST}?only=voice")
    stale = shown(browser, f"{LIST}?only=stale")
    assert f"{LIST}/vi/greeting" in stale
    assert "Xin chào" in shown(browser, f"{LIST}/vi/greeting")
    assert "Report or ask" in shown(browser, f"{LIST}?language=en")


def test_what_is_no_sound_is_refused_in_words_and_nothing_changes(browser: FlaskClient, session: Session) -> None:
    for given, words in (
        ((io.BytesIO(b"%PDF-1.7"), "menu.wav"), "menu.wav is no sound we can read."),
        ((io.BytesIO(pcm([0.0] * 16_000, rate=16_000)), "menu.wav"), "Nobody speaks in menu.wav"),
        ((io.BytesIO(b""), "menu.wav"), "menu.wav is empty."),
        ("", "Choose a WAV or MP3 file."),
    ):
        answer = bring(browser, sound=given)
        assert answer.status_code == 400
        assert words in answer.get_data(as_text=True)
    assert session.scalars(select(RecordedPrompt)).all() == []


def test_what_was_recorded_for_other_words_is_not_kept_for_these(browser: FlaskClient, session: Session) -> None:
    answer = bring(browser, words="Báo việc, phím 1.")

    assert answer.status_code == 409
    assert "The words have changed meanwhile" in answer.get_data(as_text=True)
    assert session.scalars(select(RecordedPrompt)).all() == []


def test_there_is_nothing_to_record_under_another_name(browser: FlaskClient) -> None:
    for page in (f"{LIST}/vi/nothing", f"{LIST}/xx/greeting", f"{LIST}/vi/failure", f"{LIST}/sounds/1"):
        assert browser.get(page).status_code == 404


def test_who_steers_listens_and_changes_nothing(app: HotlineApp, session: Session) -> None:
    with app.bound_to(session, NOW):
        client = app.test_client()
        sign_in(client, session, role=Role.SUPERVISOR, now=NOW)
        page = shown(client, PAGE)
        assert 'type="file"' not in page
        assert post(client, PAGE, words=WORDS, sound=wav()).status_code == 403
