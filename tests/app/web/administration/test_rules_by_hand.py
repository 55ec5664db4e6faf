"""Chains and promises written by hand: a draft that is kept, refused step by step, previewed, published, taken back."""

import re
from contextlib import nullcontext

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.processes.previews import count_next_preview
from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import HERE, NOW, audited, me, post, shown
from tests.escalation.scene import full_house, ward, with_role
from tests.factories import open_ticket
from tests.signing_in import sign_in
from tickets.promises.applying import apply_some
from tickets.promises.loading import load_rulebook
from tickets.promises.rule_versions import rules_now
from tickets.schema import Clock, PlannedStep, RuleDraft, RulePreview
from tickets.states import ClockKind, Role, StepKind

CHAIN = "to-head-of-unit"


def rule(session: Session, name: str) -> str:
    """The form of a chain or a promise in force."""
    in_force = rules_now(session)
    chains = {chain.name: f"{HERE}/chains/{version.rule_id}/edit" for chain, version in in_force.chains}
    policies = {policy.name: f"{HERE}/promises/{version.rule_id}/edit" for policy, version in in_force.policies}
    return {**policies, **chains}[name]


def typed(page: str) -> dict[str, str]:
    """What stands in the form of a page, as a browser would send it."""
    form = page[page.index('name="seen"') : page.index('class="give-bar"')]
    fields = {}
    for box in re.findall(r"<input [^>]*>", form, re.DOTALL):
        name, value = re.search(r'name="([^"]+)"', box), re.search(r'value="([^"]*)"', box)
        if name and ('type="checkbox"' not in box or " checked" in box):
            fields[name[1]] = value[1] if value else ""
    for name, options in re.findall(r'<select [^>]*name="([^"]+)".*?>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(
            r'<option value="([^"]*)"', options
        )
        fields[name] = chosen[1] if chosen else ""
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    return {**fields, "seen": seen[1]}


def test_a_form_as_it_stands_can_be_sent(browser: FlaskClient, session: Session) -> None:
    """A browser sends no form with an empty box that must be filled in; an empty answer must not be such a box."""
    for name in (CHAIN, "to-city-leadership", "Mặc định"):
        page = shown(browser, rule(session, name))
        asked = re.findall(r'<select [^>]*name="([^"]+)"[^>]* required', page)
        assert asked
        assert [one for one in asked if typed(page)[one] == ""] == []


def test_a_step_can_be_added_before_the_chain_has_a_name(browser: FlaskClient, session: Session) -> None:
    new_chain = f"{HERE}/chains/0/edit"
    empty = shown(browser, new_chain)
    [button] = re.findall(r'<button [^>]*value="add"[^>]*>', empty)

    added = post(browser, new_chain, **typed(empty), do="add")

    assert typed(empty)["name"] == "" and "formnovalidate" in button
    assert added.status_code == 303 and typed(shown(browser, new_chain))["steps"] == "2"


def levels(session: Session, ticket_id: int) -> list[tuple[int, float]]:
    """Of the time to accept: each level with the minutes after its date."""
    accept = select(Clock).where(Clock.ticket_id == ticket_id, Clock.kind == ClockKind.ACCEPT)
    clock = session.scalars(accept).one()
    steps = select(PlannedStep).where(PlannedStep.clock_id == clock.id, PlannedStep.kind == StepKind.LEVEL)
    assert clock.due_at is not None
    return [
        (step.rank, (step.planned_at - clock.due_at).total_seconds() / 60)
        for step in session.scalars(steps.order_by(PlannedStep.rank))
    ]


def apply_all(session: Session) -> None:
    def failed(_ticket_id: int, trouble: Exception) -> None:
        raise trouble

    while apply_some(session, failed=failed, now=NOW):
        pass


def count_now(session: Session) -> None:
    """The worker's turn."""
    assert count_next_preview(lambda: nullcontext(session), at_once=1, time_of=lambda _session: NOW)
    session.flush()


def test_a_chain_is_written_previewed_and_published_for_open_tickets_too_and_taken_back(
    browser: FlaskClient, session: Session
) -> None:
    form = rule(session, CHAIN)
    running = open_ticket(session, category_code="rubbish").ticket_id
    before = levels(session, running)

    fields = typed(shown(browser, form)) | {"s0-when": "after_due", "s0-amount": "10", "s0-unit": "minutes"}
    added = post(browser, form, **fields, do="add")
    more = typed(shown(browser, form)) | {
        "s2-level": "3", "s2-post1": "city_office_duty", "s2-when": "share", "s2-amount": "75", "s2-least": "45",
    }  # fmt: skip
    on = post(browser, form, **more, do="preview")
    waiting = shown(browser, on.location)
    count_now(session)
    seen = shown(browser, on.location)
    untouched = levels(session, running)
    published = post(browser, on.location, to="open")
    meanwhile = shown(browser, published.location)
    apply_all(session)
    after = levels(session, running)
    done = shown(browser, published.location)
    post(browser, form, **typed(shown(browser, f"{form}?version=1")), do="preview")
    post(browser, on.location, to="open")
    apply_all(session)

    assert (added.status_code, on.status_code, published.status_code) == (303, 303, 303)
    assert "The count begins in a moment." in waiting and 'value="open"' not in waiting
    assert "1 open ticket runs under them." in seen and "Default promises" in seen
    assert untouched == before == [(1, 0), (2, 60)]
    # Three working hours after 14:30 on the eve of a day off.
    assert after == [(1, 10), (2, 60), (3, 41.5 * 60)]
    assert "0 of 1 open tickets follow the new rules." in meanwhile
    assert "Done: every open ticket follows the new rules." in done
    assert levels(session, running) == before
    versions = [entry for entry in audited(session, "chain.versioned") if entry.params["name"] == CHAIN]
    assert [(one.params["version"], one.staff_id) for one in versions[-2:]] == [(2, me(session)), (3, me(session))]
    assert [one.params["tickets"] for one in audited(session, "rules.applied")] == [1, 1]
    assert session.scalars(select(RuleDraft)).all() == []


def test_a_count_is_of_what_the_draft_says_now_and_can_be_left_and_asked_for_again(
    browser: FlaskClient, session: Session
) -> None:
    form = rule(session, CHAIN)
    open_ticket(session, category_code="rubbish")
    fields = typed(shown(browser, form)) | {"s0-when": "after_due", "s0-amount": "10", "s0-unit": "minutes"}
    on = post(browser, form, **fields, do="preview")
    count_now(session)

    post(browser, form, **(fields | {"s0-amount": "9"}), do="keep")
    changed = shown(browser, on.location)
    again = post(browser, on.location, to="preview")
    asked = shown(browser, on.location)
    count_now(session)
    counted = shown(browser, on.location)

    assert "It has not been counted yet what this draft would do." in changed
    assert again.status_code == 303 and "The count begins in a moment." in asked
    assert "1 open ticket runs under them." in counted


def test_a_count_whose_draft_is_thrown_away_or_which_is_refused_ends_and_leaves_the_next_alone(
    browser: FlaskClient, session: Session
) -> None:
    form = rule(session, CHAIN)
    fields = typed(shown(browser, form)) | {"s0-when": "after_due", "s0-amount": "10", "s0-unit": "minutes"}
    on = post(browser, form, **fields, do="preview")
    session.execute(update(RulePreview).values(rules="chains: [{}]"))
    count_now(session)
    [ended] = session.execute(select(RulePreview.fault, RulePreview.ended_at)).all()
    post(browser, form, do="discard")

    assert ended.fault == "refused" and ended.ended_at is not None
    assert session.scalars(select(RulePreview)).all() == []
    assert not count_next_preview(lambda: nullcontext(session), at_once=1)
    assert browser.get(on.location).status_code == 404


def test_for_new_matters_only_those_in_progress_keep_their_chain(browser: FlaskClient, session: Session) -> None:
    form = rule(session, CHAIN)
    running = open_ticket(session, category_code="rubbish").ticket_id
    before = levels(session, running)

    fields = typed(shown(browser, form)) | {"s0-when": "after_due", "s0-amount": "10", "s0-unit": "minutes"}
    on = post(browser, form, **fields, do="preview")
    post(browser, on.location, to="new")
    later = open_ticket(session, category_code="rubbish").ticket_id

    assert levels(session, running) == before
    assert levels(session, later)[0] == (1, 10)


@pytest.mark.parametrize(
    ("wrong", "beside", "words"),
    [
        ({f"s1-post{number}": "" for number in (1, 2, 3, 4)}, "s1-post1", "Name the post that is to be told."),
        ({"s1-sms": None, "s1-screen": None}, "s1-sms", "Choose at least one way"),
        ({"s1-when": "after_due", "s1-amount": "abc"}, "s1-amount", "Write a number: a length of time above zero"),
        ({"s1-when": "after_due", "s1-amount": "-30"}, "s1-amount", "Write a number: a length of time above zero"),
        ({"s0-when": "at_due", "s0-amount": "30"}, "s0-amount", "empty this field, or choose when"),
        ({"s1-when": "at_due", "s1-least": ""}, "s1-amount", "A level must come later than the one below it."),
        ({"s1-level": "1"}, "s1-level", "Levels must be in ascending order."),
        ({"s1-level": "5", "s1-post1": "city_chair"}, "s1-level", "Only an unsolved matter climbs this high"),
        ({"s0-when": "after_step", "s0-amount": "5"}, "s0-amount", "There is no level before this one."),
    ],
)
def test_what_would_quietly_do_nothing_is_refused_beside_its_field_and_what_was_typed_stays(
    browser: FlaskClient, session: Session, wrong: dict[str, str | None], beside: str, words: str
) -> None:
    form = rule(session, CHAIN)
    fields = {name: value for name, value in (typed(shown(browser, form)) | wrong).items() if value is not None}

    answer = post(browser, form, **fields, do="preview")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    anchor = "ways" if beside.endswith("-sms") else beside.partition("-")[2]
    said = re.search(rf'id="f-{beside.partition("-")[0]}-{anchor}-error">(.*?)</p>', page, re.DOTALL)
    assert said and words in said[1]
    assert typed(page)[beside] == fields.get(beside, "") if beside in fields else True
    assert typed(shown(browser, form)) | {"seen": "1"} == {**fields, "seen": "1"}, "the draft is kept"
    assert load_rulebook(session).chains[1].chain.name, "and nothing has changed"


def test_a_new_chain_that_never_climbs_is_refused_before_any_promise_uses_it(browser: FlaskClient) -> None:
    form = f"{HERE}/chains/0/edit"
    page = shown(browser, form)
    post(browser, form, **(typed(page) | {"name": "Ngập nước"}), do="add")
    fields = typed(shown(browser, form)) | {"s0-when": "share", "s0-amount": "25", "s1-post1": "ward_chair"}

    answer = post(browser, form, **(fields | {"s1-amount": "10", "s1-least": ""}), do="preview")
    said = re.search(r'id="f-s1-amount-error">(.*?)</p>', answer.get_data(as_text=True), re.DOTALL)

    assert answer.status_code == 400
    assert said and "A level must come later than the one below it." in said[1] and "chains[" not in said[1]


def test_whoever_publishes_a_chain_that_no_promise_uses_is_told_that_it_tells_nobody_yet(
    browser: FlaskClient, session: Session
) -> None:
    form = f"{HERE}/chains/0/edit"
    fields = typed(shown(browser, form)) | {"name": "Ngập nước"}
    on = post(browser, form, **fields, do="preview")
    count_now(session)
    counted = shown(browser, on.location)
    post(browser, on.location, to="new")
    listed = shown(browser, f"{HERE}/chains")

    assert "publish it, then choose it there" in counted
    assert "it tells nobody: choose it for one under Promises" in listed
    assert "It holds for matters that come from now on" not in listed


def test_steps_are_moved_and_removed_and_each_says_who_stands_there_tonight(
    browser: FlaskClient, session: Session
) -> None:
    unit = ward(session)
    people = full_house(session, unit, now=NOW)
    form = rule(session, "to-city-leadership")

    page = shown(browser, form)
    fields = typed(page) | {"unit": str(unit.id)}
    post(browser, form, **fields, do="show")
    standing = shown(browser, form)
    post(browser, form, **fields, do="later-0")
    moved = typed(shown(browser, form))
    post(browser, form, **moved, do="remove-4")
    fewer = typed(shown(browser, form))

    assert all(people[level].name in standing for level in (1, 2, 3, 4, 5))
    assert (moved["s0-post1"], moved["s0-level"]) == (fields["s1-post1"], "1")
    assert (moved["s1-post1"], moved["s1-level"]) == (fields["s0-post1"], "2")
    assert fewer["steps"] == "4" and "s4-level" not in fewer


def test_a_draft_is_its_writers_alone_and_is_thrown_away(
    app: HotlineApp, browser: FlaskClient, session: Session
) -> None:
    form = rule(session, CHAIN)
    post(browser, form, **(typed(shown(browser, form)) | {"s0-amount": "7", "s0-when": "after_due"}), do="keep")
    other = app.test_client()
    other.set_cookie("locale", "en")
    sign_in(other, session, role=Role.ADMINISTRATOR, now=NOW)

    listed = shown(browser, f"{HERE}/chains")
    theirs = typed(shown(other, form))
    mine = typed(shown(browser, form))
    post(browser, form, do="discard")

    assert "Your drafts:" in listed and "Your drafts:" not in shown(other, f"{HERE}/chains")
    assert (theirs["s0-amount"], mine["s0-amount"]) == ("0", "7")
    assert typed(shown(browser, form))["s0-amount"] == "0"
    assert other.get(f"{HERE}/drafts/chain/1").status_code == 404


def test_whoever_publishes_over_a_version_they_have_not_seen_is_told_first(
    browser: FlaskClient, session: Session
) -> None:
    form = rule(session, CHAIN)
    old = typed(shown(browser, form))
    on = post(browser, form, **(old | {"s0-when": "after_due", "s0-amount": "5"}), do="preview")
    post(browser, on.location, to="new")
    post(browser, form, **(old | {"s0-when": "after_due", "s0-amount": "9"}), do="preview")

    blind = post(browser, on.location, to="new")
    knowing = post(browser, on.location, to="new")

    assert blind.status_code == 409
    assert "published a newer version meanwhile" in blind.get_data(as_text=True)
    assert knowing.status_code == 303
    assert levels(session, open_ticket(session, category_code="rubbish").ticket_id)[0] == (1, 9)


def test_a_new_chain_and_a_new_promise_that_climbs_it_are_written(browser: FlaskClient, session: Session) -> None:
    new_chain, new_promise = f"{HERE}/chains/0/edit", f"{HERE}/promises/0/edit"

    chain = typed(shown(browser, new_chain)) | {"name": "ngập"}
    on = post(browser, new_chain, **chain, do="preview")
    count_now(session)
    counted = shown(browser, on.location)
    post(browser, on.location, to="new")
    again = post(browser, new_chain, **chain, do="preview")
    rows = {
        f"resolve-{priority}-{name}": value
        for priority in ("emergency", "urgent", "normal")
        for name, value in (("target", "2"), ("unit", "hours"), ("calendar", "24x7"), ("chain", "ngập"), ("warn", "50"))
    }
    promise = typed(shown(browser, new_promise)) | {"name": "Ngập nước", "category": "flooding"} | rows
    refused = post(browser, new_promise, **{**promise, "resolve-normal-target": "0"}, do="preview")
    hasty = {**promise, "category": "", "resolve-urgent-chain": ""}
    warned = shown(browser, post(browser, new_promise, **hasty, do="preview").location)
    to_preview = post(browser, new_promise, **promise, do="preview")
    unwarned = shown(browser, to_preview.location)
    post(browser, to_preview.location, to="new")
    flooded = open_ticket(session, category_code="flooding").ticket_id

    assert "no promise uses it yet" in counted and 'name="to" value="new"' in counted
    assert again.status_code == 400 and "a chain with this name already" in again.get_data(as_text=True)
    assert refused.status_code == 400 and 'id="f-resolve-normal-target-error"' in refused.get_data(as_text=True)
    assert "holds for the same matters" in warned and "when these are overdue: " in warned
    assert "holds for the same matters" not in unwarned and "Nobody is told when" not in unwarned
    clock = session.scalars(select(Clock).where(Clock.ticket_id == flooded, Clock.kind == ClockKind.RESOLVE)).one()
    assert clock.target_seconds == 7200


def test_a_promise_that_would_leave_nothing_for_emergencies_is_refused_at_their_field(
    browser: FlaskClient, session: Session
) -> None:
    form = rule(session, "Mặc định")
    fields = typed(shown(browser, form)) | {"accept-emergency-target": ""}

    answer = post(browser, form, **fields, do="preview")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert 'id="f-accept-emergency-target-error"' in page
    assert "Nothing says what holds in an emergency" in page


def test_supervisors_see_what_was_brought_to_open_tickets_and_write_no_rules(app: HotlineApp, session: Session) -> None:
    form = rule(session, CHAIN)
    with app.bound_to(session, NOW):
        client = app.test_client()
        client.set_cookie("locale", "en")
        staff = with_role(session, Role.SUPERVISOR, ward(session), now=NOW)
        sign_in(client, session, role=Role.SUPERVISOR, staff=staff, now=NOW)

        assert client.get(form).status_code == 403
        assert "No rules have been brought" in shown(client, f"{HERE}/applications")
        assert "/edit" not in shown(client, f"{HERE}/chains")
