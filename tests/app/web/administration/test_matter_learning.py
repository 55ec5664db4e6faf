"""Learning from corrections: a day's corrections teach, the ticket says so, and one switch ends it."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.wording.reasons import reason_text
from tests.app.web.administration.corrected import WITH_SHORT_FORM, correct, sms
from tests.app.web.administration.desk import HERE, NOW, audited, me, post, shown
from tests.factories import rules, staff
from tests.tickets.matter.test_learned import MOTHS
from tickets.matter.kept import words_in_force
from tickets.matter.learning import keep_learned, learn_from, lessons
from tickets.people.actor import staff_actor
from tickets.people.roles import load_viewer
from tickets.queries.reading_figures import learned_figures, reading_figures
from tickets.schema import Category, MatterLearning, Ticket
from tickets.states import ReadField, Role
from tickets.work.assignment import change_category

PAGE = f"{HERE}/words/learned"
NEW = "Chung cư tôi thiêu thân bu đầy hành lang, đèn nào cũng kín"


def a_night_passes(session: Session, days: int = 1) -> bool:
    now = NOW + timedelta(days=days)
    return keep_learned(session, learn_from(lessons(session, now=now)), now=now)


def reasons(ticket: Ticket) -> dict[str, dict[str, object]]:
    return {one["code"]: one["params"] for one in ticket.routing_reasons}


def kind_of(session: Session, ticket: Ticket) -> str | None:
    return session.scalar(select(Category.code).where(Category.id == ticket.category_id))


def test_what_was_corrected_six_times_is_read_rightly_and_says_why(session: Session) -> None:
    before = sms(session, NEW)
    correct(session, MOTHS)
    assert reasons(sms(session, NEW)) == reasons(before), "until a night has passed nothing is read otherwise"

    assert a_night_passes(session)
    after = sms(session, NEW)

    assert kind_of(session, after) == "animal_keeping"
    told = reasons(after)["category_learned"]
    assert (told["count"], told["rule"]) == (6, "learned:animal_keeping")
    assert "6" in reason_text("category_learned", told) and "thiêu thân" in reason_text("category_learned", told)


def test_how_often_it_spoke_is_what_the_figures_of_all_rules_say_of_it_for_whoever_sees_the_tickets(
    session: Session,
) -> None:
    correct(session, MOTHS)
    a_night_passes(session)
    told = [sms(session, NEW) for _ in range(4)]
    assert all("category_learned" in reasons(ticket) for ticket in told)
    change_category(
        session, told[0].id, category_code="park", actor=staff_actor(staff(session, role=Role.AGENT).id), now=NOW
    )
    told[1].is_restricted = True
    session.flush()
    since, until = NOW - timedelta(days=1), NOW + timedelta(days=1)

    found = {}
    for name, at in {"city": "TTDH", "elsewhere": "26743"}.items():
        viewer = load_viewer(session, staff(session, role=Role.SUPERVISOR, at=at).id, now=NOW)
        assert viewer is not None
        figures = reading_figures(session, viewer, since=since, until=until)
        [of_kinds] = [one.rules for one in figures if one.field is ReadField.CATEGORY]
        found[name] = learned_figures(session, viewer, since=since, until=until)
        assert found[name] == [one for one in of_kinds if one.rule.startswith("learned:")]

    assert [(one.rule, one.said, one.wrong) for one in found["city"]] == [("learned:animal_keeping", 3, 1)]
    assert found["elsewhere"] == []


def test_without_corrections_or_after_restricted_ones_nothing_is_learned(session: Session) -> None:
    assert not a_night_passes(session), "nothing new, nothing kept"

    correct(session, MOTHS, is_restricted=True)

    assert not a_night_passes(session)
    assert rules(session).routing.learned == ()


def test_danger_and_accusations_are_not_its_business(session: Session) -> None:
    correct(session, MOTHS)
    a_night_passes(session)

    danger = sms(session, "Thiêu thân bu kín đèn rồi cháy nhà, có người kẹt trong đó, cứu với")
    accused = sms(session, "Thiêu thân bu kín đèn, cán bộ phường đòi phong bì mới chịu phun thuốc")

    assert "emergency_words" in reasons(danger) and "category_learned" not in reasons(danger)
    assert accused.is_restricted and "category_learned" not in reasons(accused)


def test_a_short_form_is_proposed_and_read_so_once_somebody_accepts_it(browser: FlaskClient, session: Session) -> None:
    correct(session, WITH_SHORT_FORM, "park")
    assert "vh" not in words_in_force(session).shorthand
    assert "vỉa hè" in shown(browser, PAGE)

    assert post(browser, f"{PAGE}/forms", form="nothing").status_code == 303
    assert post(browser, f"{PAGE}/forms", form="vh").status_code == 303

    assert words_in_force(session).shorthand["vh"] == ("vỉa", "hè")
    assert audited(session, "matter.words_published")[-1].staff_id == me(session)
    assert "Read it so" not in shown(browser, PAGE), "what is known is not proposed"


def test_a_person_sees_its_words_and_switches_it_off_and_on(browser: FlaskClient, session: Session) -> None:
    assert "Nothing has been learned yet." in shown(browser, PAGE)
    correct(session, MOTHS)
    correct(session, ["Con lươn trong vòi nước", "Vòi nước ra con đỉa"], "water_quality")
    a_night_passes(session)
    page = shown(browser, PAGE)
    assert "thieu than" in page and "Not heard yet" in page

    assert post(browser, PAGE, do="off").status_code == 303

    assert "category_learned" not in reasons(sms(session, NEW))
    correct(session, ["Rùa bò ra đường"] * 2)
    assert not a_night_passes(session, days=2), "switched off it learns nothing"
    assert audited(session, "matter.learning_off")[-1].staff_id == me(session)
    post(browser, PAGE, do="on")
    assert "category_learned" in reasons(sms(session, NEW))
    post(browser, PAGE, do="neither")
    assert len(session.scalars(select(MatterLearning)).all()) == 3
