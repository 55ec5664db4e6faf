"""Long forms of people's own pages: what is typed is there when they come back, and gone when it was sent."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.app.web.console.console_scene import ENGLISH, agent_at, page_of
from tests.app.web.supervisor.guidance_rows import WORDS, drafted
from tests.factories import staff, unit
from tickets.promises.rule_versions import rules_now
from tickets.schema import Draft, Post, RuleDraft, Shift
from tickets.states import Role

WARD = "26740"


@dataclass(frozen=True)
class Long:
    """A form: its page, where it is sent, what is typed first, and what makes it whole."""

    page: str
    action: str
    typed: dict[str, str]
    whole: dict[str, str] = field(default_factory=dict)
    role: Role = Role.SUPERVISOR
    # Rules are published from the page of their draft, where they are looked at once more.
    stays_a_draft: bool = False


def day(now: datetime, number: int) -> str:
    return (now + timedelta(days=number)).date().isoformat()


def own_leave(_session: Session, now: datetime) -> Long:
    return Long("/my/duty", "/my/duty/leave", {"since": day(now, 30)}, {"until": day(now, 33)})


def anothers_leave(session: Session, now: datetime) -> Long:
    away = staff(session, role=Role.AGENT, at=WARD)
    unit_id = str(unit(session, WARD).id)
    typed = {"person": str(away.id), "since": day(now, 30)}
    return Long(f"/rota/ahead?unit={unit_id}", "/rota/leave", typed, {"until": day(now, 33), "unit": unit_id})


def rotation(session: Session, now: datetime) -> Long:
    who, ward = staff(session, role=Role.AGENT, at=WARD), unit(session, WARD)
    post_id = session.scalars(select(Post.id).where(Post.unit_id == ward.id).limit(1)).one()
    typed = {"person_1": str(who.id), "days_each": "7", "starts_on": day(now, 9), "from": "07:15"}
    whole = {"post": str(post_id), "to": "19:15", "unit": str(ward.id)}
    return Long(f"/rota/ahead?unit={ward.id}", "/rota/rotations", typed, whole)


def turn(session: Session, now: datetime) -> Long:
    who, ward = staff(session, role=Role.AGENT, at=WARD), unit(session, WARD)
    post_id = session.scalars(select(Post.id).where(Post.unit_id == ward.id).limit(1)).one()
    typed = {"staff": str(who.id), "starts": f"{day(now, 5)}T19:15"}
    whole = {"post": str(post_id), "ends": f"{day(now, 6)}T07:15", "unit": str(ward.id)}
    return Long(f"/rota?unit={ward.id}", "/rota/shifts", typed, whole)


def changed_turn(session: Session, now: datetime) -> Long:
    who, ward = staff(session, role=Role.AGENT, at=WARD), unit(session, WARD)
    post_id = session.scalars(select(Post.id).where(Post.unit_id == ward.id).limit(1)).one()
    starts = now + timedelta(days=5)
    planned = Shift(post_id=post_id, staff_id=who.id, starts_at=starts, ends_at=starts + timedelta(hours=8))
    session.add(planned)
    session.commit()
    here = f"/rota/shifts/{planned.id}"
    typed = {"post": str(post_id), "staff": str(who.id), "starts": f"{day(now, 6)}T19:15"}
    return Long(here, here, typed, {"ends": f"{day(now, 7)}T07:15"})


def maintenance(_session: Session, now: datetime) -> Long:
    here = "/administration/maintenance"
    typed = {"reason": "Nâng cấp tổng đài", "from_at": f"{day(now, 3)}T21:00", "clock_resolve": "1"}
    return Long(here, here, typed, {"to_at": f"{day(now, 3)}T22:00"}, Role.ADMINISTRATOR)


def days_off(_session: Session, now: datetime) -> Long:
    here = "/administration/days-off"
    typed = {"first": day(now, 20), "name": "Nghỉ bù", "name_en": ""}
    return Long(here, here, typed, {"source": "Công điện 1", "to": "new"}, Role.ADMINISTRATOR)


def chain(session: Session, _now: datetime) -> Long:
    here = "/administration/chains/0/edit"
    typed = {"name": "lụt", "s0-level": "1", "s0-when": "after_due", "s0-amount": "17", "s0-unit": "minutes"}
    return Long(here, here, typed, {"do": "discard"}, Role.ADMINISTRATOR)


def known_chain(session: Session, _now: datetime) -> Long:
    rule_id = rules_now(session).chains[0][1].rule_id
    here = f"/administration/chains/{rule_id}/edit"
    typed = {"s0-level": "1", "s0-when": "after_due", "s0-amount": "17", "s0-unit": "minutes"}
    return Long(here, here, typed, {"do": "discard"}, Role.ADMINISTRATOR)


def promise(session: Session, _now: datetime) -> Long:
    rule_id = rules_now(session).policies[0][1].rule_id
    here = f"/administration/promises/{rule_id}/edit"
    typed = {"legal_basis": "Quyết định 99", "resolve-normal-target": "37"}
    return Long(here, here, typed, {"do": "discard"}, Role.ADMINISTRATOR)


def new_calendar(_session: Session, _now: datetime) -> Long:
    here = "/administration/calendars/new"
    return Long(here, here, {"key": "ca-dem", "name": "Ca đêm"}, {"mon": "22:00-06:00"}, Role.ADMINISTRATOR)


def new_guidance(_session: Session, _now: datetime) -> Long:
    here = "/supervisor/guidance/new"
    typed = {"question_vi": WORDS["question_vi"], "answer_vi": WORDS["answer_vi"], "area": "Phường Sài Gòn"}
    return Long(here, here, typed, WORDS, Role.CITY_OFFICE)


def changed_guidance(session: Session, now: datetime) -> Long:
    here = f"/supervisor/guidance/{drafted(session, now=now, unit_ids=[unit(session, WARD).id]).id}/change"
    typed = {"answer_en": "Nine working days.", "area": "Phường Sài Gòn"}
    return Long(here, here, {**WORDS, **typed}, role=Role.CITY_OFFICE)


FORMS: list[Callable[[Session, datetime], Long]] = [
    own_leave, anothers_leave, rotation, turn, changed_turn, maintenance, days_off,
    chain, known_chain, promise, new_calendar, new_guidance, changed_guidance,
]  # fmt: skip


def kept_rows(session: Session) -> int:
    session.expire_all()
    return len([*session.scalars(select(Draft)), *session.scalars(select(RuleDraft))])


def form_in(html: str, action: str) -> str:
    return next(part for part in html.split("<form")[1:] if f'action="{action}"' in part).split("</form>")[0]


def draft_url(form: str) -> str:
    found = re.search(r'data-draft-url="([^"]+)"', form)
    assert found is not None, form[:300]
    return unescape(found.group(1))


def hidden_of(form: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


@pytest.mark.parametrize("of", FORMS, ids=lambda of: of.__name__)
def test_what_is_typed_is_there_again_and_gone_once_it_was_sent(
    client: FlaskClient, session: Session, now: datetime, of: Callable[[Session, datetime], Long]
) -> None:
    one = of(session, now)
    agent_at(client, session, now, role=one.role)
    form = form_in(page_of(client, one.page), one.action)
    hidden = hidden_of(form)

    # A browser tells fields, and of the hidden ones only the form's own name.
    told = client.post(
        draft_url(form), data={**one.typed, "csrf_token": hidden["csrf_token"], "once": hidden["once"]}, headers=ENGLISH
    )
    back = form_in(page_of(client, one.page), one.action)
    sent = client.post(one.action, data={**hidden, **one.typed, **one.whole}, headers=ENGLISH)
    late = client.post(
        draft_url(form), data={**one.typed, "csrf_token": hidden["csrf_token"], "once": hidden["once"]}, headers=ENGLISH
    )

    assert told.status_code == 204
    missing = {name: words for name, words in one.typed.items() if words and not stands_in(back, name, words)}
    assert missing == {}
    assert sent.status_code == 303, sent.get_data(as_text=True)[:3000]
    assert late.status_code == 410
    assert kept_rows(session) == 0


def stands_in(form: str, name: str, words: str) -> bool:
    """Whether a field of the form holds these words: typed, chosen or ticked."""
    areas = re.findall(rf'<textarea[^>]*name="{name}"[^>]*>([^<]*)<', form)
    boxes = [tag for tag in re.findall(r"<input[^>]*>", form, re.DOTALL) if f'name="{name}"' in tag]
    values = [value for tag in boxes for value in re.findall(r'value="([^"]*)"', tag)]
    if any('type="checkbox"' in tag for tag in boxes):
        return any(" checked" in tag for tag in boxes)
    chosen = re.findall(rf'<select[^>]*name="{name}"[^>]*>(.*?)</select>', form, re.DOTALL)
    options = [value for part in chosen for value in re.findall(r'<option value="([^"]*)" selected', part)]
    return words in {unescape(one) for one in (*areas, *values, *options)}


@pytest.mark.parametrize("of", [own_leave, rotation, maintenance, days_off], ids=lambda of: of.__name__)
def test_what_was_refused_is_there_when_the_page_is_opened_again(
    client: FlaskClient, session: Session, now: datetime, of: Callable[[Session, datetime], Long]
) -> None:
    one = of(session, now)
    agent_at(client, session, now, role=one.role)
    hidden = hidden_of(form_in(page_of(client, one.page), one.action))

    refused = client.post(one.action, data={**hidden, **one.typed}, headers=ENGLISH)

    assert refused.status_code == 400
    for shown in (refused.get_data(as_text=True), page_of(client, one.page)):
        form = form_in(shown, one.action)
        assert [name for name, words in one.typed.items() if words and not stands_in(form, name, words)] == []


def test_nobody_else_finds_what_i_typed_and_each_unit_has_its_own(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    one = rotation(session, now)
    agent_at(client, session, now, role=Role.SUPERVISOR)
    form = form_in(page_of(client, one.page), one.action)
    client.post(draft_url(form), data={**one.typed, "csrf_token": hidden_of(form)["csrf_token"]}, headers=ENGLISH)

    agent_at(client, session, now, role=Role.SUPERVISOR)

    assert not stands_in(form_in(page_of(client, one.page), one.action), "from", "07:15")
    assert client.post("/my/drafts/reply/7", data={"csrf_token": "x"}).status_code in {400, 404}


def test_a_form_that_stands_in_another_room_has_no_address_here(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    agent_at(client, session, now)
    token = hidden_of(page_of(client, "/my/duty"))["csrf_token"]

    answers = [
        client.post(f"/my/drafts/{form}/7", data={"csrf_token": token, "body": "x"}).status_code
        for form in ("reply", "delegation", "instruction", "nothing")
    ]

    assert answers == [404] * 4
    assert kept_rows(session) == 0
