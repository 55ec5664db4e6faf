"""What was decided is said to whoever asks it on the phone, in the words of the guidance, and counted once a call."""

from sqlalchemy import select

from tests.app.web.supervisor.guidance_rows import issued
from tests.telephony.phone import Phone
from tickets.schema import Call, GuidanceUse
from tickets.states import CallState, GuidanceUseKind

SPOKEN = {"spoken_vi": "Nộp tờ khai tại phường.", "spoken_en": "File the form at the ward."}


def test_a_caller_hears_what_was_decided_and_who_stays_on_the_line_is_put_through(client, settings, session, now):
    one = issued(session, now=now, **SPOKEN)
    session.commit()
    phone = Phone(client, settings)
    phone.ring()
    phone.press("1")

    said = phone.speak("phường Sài Gòn, tôi hỏi cấp đổi sổ đỏ").said
    after = phone.press("").said

    assert "Nộp tờ khai tại phường." in said
    assert "Nộp tờ khai" not in after
    call = session.scalars(select(Call)).one()
    assert call.queued_at is not None and call.state is CallState.QUEUED
    used = session.scalars(select(GuidanceUse)).all()
    assert [(use.guidance_id, use.kind, use.number) for use in used] == [(one.id, GuidanceUseKind.SPOKEN, 1)]


def test_who_asks_something_else_or_accuses_somebody_hears_nothing_of_it(client, settings, session, now):
    issued(session, now=now, **SPOKEN)
    session.commit()
    for words in ("phường Sài Gòn, rác không ai lấy", "phường Sài Gòn, cán bộ vòi tiền làm sổ đỏ của tôi"):
        phone = Phone(client, settings)
        phone.ring()
        phone.press("1")

        assert "Nộp tờ khai" not in phone.speak(words).said
