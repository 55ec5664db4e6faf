"""A supervisor writes a chain and hands it over with one press; it holds once an administrator has published it."""

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import HERE, NOW, audited, me, post, shown
from tests.app.web.administration.test_rules_by_hand import CHAIN, count_now, rule, typed
from tests.factories import unit
from tests.signing_in import sign_in
from tickets.promises.rule_versions import rules_now
from tickets.schema import OutboundMessage, RuleDraft, Unit
from tickets.states import OutboundChannel, Role


def steering(app: HotlineApp, session: Session, role: Role = Role.SUPERVISOR, of: Unit | None = None) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("locale", "en")
    sign_in(client, session, role=role, unit=of, now=NOW)
    return client


def first_step_after(session: Session) -> int:
    [chain] = [chain for chain, _ in rules_now(session).chains if chain.name == CHAIN]
    return chain.steps[0].offset_seconds or 0


def drafted(client: FlaskClient, session: Session) -> str:
    """The page of the counted draft in which the first step comes seven minutes later."""
    form = rule(session, CHAIN)
    fields = typed(shown(client, form)) | {"s0-when": "after_due", "s0-amount": "7", "s0-unit": "minutes"}
    on = post(client, form, **fields, do="preview")
    count_now(session)
    return on.location


def test_a_supervisor_drafts_and_hands_over_and_an_administrator_publishes_with_one_press_each(
    app: HotlineApp, browser: FlaskClient, session: Session
) -> None:
    steers = steering(app, session)
    before = first_step_after(session)
    here = drafted(steers, session)

    page = shown(steers, here)
    refused = post(steers, here, to="new")
    handed = post(steers, here, to="hand_over")
    told = session.scalars(select(OutboundMessage).where(OutboundMessage.template == "draft_handed_over")).all()

    assert 'value="hand_over"' in page and 'value="new"' not in page and 'value="open"' not in page
    assert (refused.status_code, handed.status_code, first_step_after(session)) == (403, 303, before)
    assert {(one.staff_id, one.channel) for one in told} == {
        (me(session), OutboundChannel.SCREEN), (me(session), OutboundChannel.EMAIL)
    }  # fmt: skip
    assert len(audited(session, "rule.draft_handed_over")) == 1
    assert "Your drafts:" in shown(browser, f"{HERE}/chains")
    count_now(session)
    assert 'value="new"' in shown(browser, here), "counted without being asked"
    post(browser, here, to="new")
    assert first_step_after(session) == before + 7 * 60


def test_whoever_is_writing_the_same_chain_keeps_what_they_have(
    app: HotlineApp, browser: FlaskClient, session: Session
) -> None:
    form = rule(session, CHAIN)
    post(browser, form, **(typed(shown(browser, form)) | {"s0-amount": "5", "s0-when": "after_due"}), do="keep")
    steers = steering(app, session)
    here = drafted(steers, session)

    post(steers, here, to="hand_over")

    amounts = dict(session.execute(select(RuleDraft.staff_id, RuleDraft.fields["s0-amount"].astext)).all())
    assert amounts[me(session)] == "5"


def test_nobody_of_one_unit_alone_and_nobody_else_drafts_a_chain(
    app: HotlineApp, browser: FlaskClient, session: Session
) -> None:
    form = rule(session, CHAIN)
    of_a_ward = steering(app, session, of=unit(session, "26740"))
    reads = steering(app, session, role=Role.AUDITOR)

    assert [client.get(form).status_code for client in (of_a_ward, reads)] == [403, 403]
    promise = rule(session, "Mặc định")
    assert steering(app, session).get(promise).status_code == 403
