"""Words by which texts are read: drafted, counted on last month's texts, published, and brought back."""

from datetime import UTC, datetime

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import HERE, NOW, audited, me, post, shown
from tests.app.web.administration.test_rules_by_hand import count_now
from tests.factories import open_ticket, staff
from tests.signing_in import sign_in
from tickets.matter import read_matter
from tickets.matter.kept import WordEdit, newest_version, publish_words, rows_of, words_in_force
from tickets.matter.lists import WordList, WordRow
from tickets.people.actor import staff_actor
from tickets.schema import MatterRow, MatterVersion, RuleDraft, Ticket
from tickets.states import Role

LIST, DRAFT = f"{HERE}/words", f"{HERE}/words/draft"
SAID = "Xóm tôi bị cuồng lũ"
NEW = {"list": "danger", "says": "drowning", "words": "cuồng lũ", "weight": "2"}


def add(browser: FlaskClient, **changed: str) -> object:
    return post(browser, f"{LIST}/0", **{**NEW, **changed})


def test_a_word_is_found_drafted_published_and_taken_back(browser: FlaskClient, session: Session) -> None:
    assert "cháy nhà" in shown(browser, f"{LIST}?list=danger&q=chay+nha")

    assert add(browser).status_code == 303
    assert "cuồng lũ" in shown(browser, DRAFT)
    assert not read_matter(SAID, words_in_force(session)).is_danger, "a draft holds for nobody"
    assert post(browser, DRAFT, do="publish", reason="the river").status_code == 303

    assert read_matter(SAID, words_in_force(session)).is_danger
    assert "the river" in shown(browser, LIST)
    (entry,) = audited(session, "matter.words_published")[-1:]
    assert (entry.staff_id, entry.params["version"], entry.params["reason"]) == (me(session), 2, "the river")

    assert post(browser, f"{LIST}/versions/1").status_code == 303
    assert "taken out" in shown(browser, DRAFT)
    post(browser, DRAFT, do="publish", reason="not so")
    assert not read_matter(SAID, words_in_force(session)).is_danger
    assert newest_version(session) == 3


def test_the_preview_lists_the_texts_that_would_be_read_otherwise(
    browser: FlaskClient, app: HotlineApp, session: Session
) -> None:
    told = open_ticket(session, body=SAID, now=datetime.now(UTC))
    secret = open_ticket(session, body=SAID, now=datetime.now(UTC))
    session.get_one(Ticket, secret.ticket_id).is_restricted = True
    open_ticket(session, body="Đèn đường hẻm tôi tắt ba đêm rồi", now=datetime.now(UTC))
    supervisor = app.test_client()
    supervisor.set_cookie("locale", "en")
    sign_in(supervisor, session, role=Role.SUPERVISOR, now=NOW)
    post(supervisor, f"{LIST}/0", **NEW)

    post(supervisor, DRAFT, do="preview")
    count_now(session)

    page = shown(supervisor, DRAFT)
    assert "2 texts would be read otherwise" in page
    assert f"/console/tickets/{told.reference}" in page
    assert secret.reference not in page
    assert "danger now" in page


def test_an_administrator_who_sees_no_tickets_is_told_their_number_alone(
    browser: FlaskClient, session: Session
) -> None:
    told = open_ticket(session, body=SAID, now=datetime.now(UTC))
    add(browser)

    post(browser, DRAFT, do="preview")
    count_now(session)

    page = shown(browser, DRAFT)
    assert "1 text would be read otherwise" in page
    assert told.reference not in page
    assert SAID not in page


def test_what_would_make_danger_unread_is_published_only_by_who_says_so(browser: FlaskClient, session: Session) -> None:
    past = session.scalars(select(MatterRow.id).where(MatterRow.list_name == "danger_words", MatterRow.says == "past"))
    silencing = {"list": "danger_words", "says": "past", "words": "cháy|cứu|đang|nhà|người"}
    post(browser, f"{LIST}/{past.one()}", **silencing)

    refused = post(browser, DRAFT, do="publish", reason="quiet")

    assert refused.status_code == 400
    assert "would no longer be recognised" in refused.text
    assert newest_version(session) == 1
    post(browser, DRAFT, do="publish", reason="quiet", loses="1")
    assert newest_version(session) == 2


def test_a_bad_pattern_is_refused_in_words_beside_its_field_and_nothing_typed_is_lost(
    browser: FlaskClient, session: Session
) -> None:
    for words in ("lũ ~90 cuồng", "@nobody & lũ", "!!!", "lũ | | cuồng", "", "a " * 9_000):
        refused = add(browser, words=words)
        assert refused.status_code == 400, words
        assert 'id="f-words-error"' in refused.text
        assert words.strip()[:40] in refused.text.replace("&amp;", "&")
    assert add(browser, says="no such").status_code == 400
    assert add(browser, weight="0").status_code == 400
    assert session.scalars(select(RuleDraft)).all() == []


def test_a_row_that_somebody_else_changed_meanwhile_is_changed_anew(browser: FlaskClient, session: Session) -> None:
    row = rows_of(session, 1)[0]
    post(browser, f"{LIST}/{row.id}", list="danger", says=row.row.says, words="cháy nhà", weight="2")
    other = staff_actor(staff(session).id)
    theirs = WordRow(WordList.DANGER, row.row.says, 2, "cháy lan")
    publish_words(session, [WordEdit(row, theirs)], reason="theirs", actor=other, now=NOW)

    refused = post(browser, DRAFT, do="publish", reason="mine")

    assert refused.status_code == 400
    assert "meanwhile" in refused.text
    assert theirs in [one.row for one in rows_of(session, 2)]
    assert session.scalar(select(MatterVersion.number).order_by(MatterVersion.number.desc()).limit(1)) == 2


def test_who_only_looks_changes_nothing(app: HotlineApp, browser: FlaskClient, session: Session) -> None:
    leader = app.test_client()
    leader.set_cookie("locale", "en")
    sign_in(leader, session, role=Role.LEADER, now=NOW)

    assert "New row" not in shown(leader, LIST)
    assert leader.get(DRAFT).status_code == 403
    assert leader.get(f"{LIST}/0").status_code == 403
