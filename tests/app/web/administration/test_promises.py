"""Promises in administration: seen with their versions, changed by a file after a look at it, retired."""

import io
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.app.web.administration.desk import HERE, audited, me, post, shown
from tests.app.web.steering import LIGHT, csrf_of
from tickets.schema import Chain, PolicyVersion, ReachTime

# A promise of one minute, so that it can be watched.
MINUTE = """
name: một phút
match: {unit: "26740"}
rows:
  - {priority: normal, clock: resolve, target_seconds: 60, calendar: 24x7, warn: [75], chain: standard}
"""


def test_the_promises_stand_there_with_their_versions(browser: FlaskClient, session: Session) -> None:
    page = shown(browser, f"{HERE}/promises")

    assert "Policies in force" in page
    assert "version 1" in page
    assert re.search(r'data-heading="Calendar"[^>]*>\s*(<span[^>]*>)?Round the clock', page), "names, not keys"
    assert "policies:" in browser.get(f"{HERE}/promises.yaml").get_data(as_text=True)


def test_a_chain_says_what_its_levels_do_beside_telling_people(browser: FlaskClient) -> None:
    page = shown(browser, f"{HERE}/promises")

    assert "besides: the city takes over the contact with the citizen" in page


def chain_name(session: Session) -> str:
    return session.scalars(select(Chain.name).order_by(Chain.id)).first() or ""


def test_a_file_is_previewed_before_anything_changes(browser: FlaskClient, session: Session) -> None:
    before = session.query(PolicyVersion).count()
    text = MINUTE.replace("standard", chain_name(session))

    answer = browser.post(
        f"{HERE}/promises/preview",
        data={"csrf_token": csrf_of(browser, LIGHT), "file": (io.BytesIO(text.encode()), "minute.yaml")},
    )

    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "1 policy, 1 row, 0 chains." in page
    assert "These get a new version: một phút." in page
    assert session.query(PolicyVersion).count() == before
    assert "một phút" not in [entry.params["name"] for entry in audited(session, "policy.versioned")]


def test_an_applied_file_makes_a_new_version_with_its_author(browser: FlaskClient, session: Session) -> None:
    text = MINUTE.replace("standard", chain_name(session))

    answer = post(browser, f"{HERE}/promises/apply", text=text.replace("\n", "\r\n"))

    assert answer.status_code == 303
    newest = session.scalars(select(PolicyVersion).order_by(PolicyVersion.id.desc()).limit(1)).one()
    assert (newest.created_by_id, newest.version) == (me(session), 1)
    assert "một phút" in shown(browser, f"{HERE}/promises")
    again = post(browser, f"{HERE}/promises/apply", text=text)
    assert again.status_code == 303
    assert "these rules are already in force" in shown(browser, f"{HERE}/promises")


def test_a_file_with_faults_names_every_one_and_offers_nothing_to_apply(browser: FlaskClient, session: Session) -> None:
    text = MINUTE.replace("24x7", "lunar").replace('"26740"', '"99999"')

    answer = post(browser, f"{HERE}/promises/preview", text=text)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "There is no such calendar." in page
    assert "There is no such unit." in page
    assert "/administration/promises/apply" not in page


def test_a_mistaken_promise_is_retired_after_a_look_at_what_that_does(browser: FlaskClient, session: Session) -> None:
    post(browser, f"{HERE}/promises/apply", text=MINUTE.replace("standard", chain_name(session)))

    seen = post(browser, f"{HERE}/promises/retire/preview", policy="một phút").get_data(as_text=True)
    before = shown(browser, f"{HERE}/promises")
    silent = post(browser, f"{HERE}/promises/retire", policy="một phút", reason="  ")
    done = post(browser, f"{HERE}/promises/retire", policy="một phút", reason="ghi nhầm đơn vị")
    after = shown(browser, f"{HERE}/promises")

    assert "Retire “một phút”?" in seen and "0 open tickets run under it" in seen
    assert 'value="một phút"' in before
    assert re.search(r"1 min(ute)?.*40 working hours.*Default promises", seen, re.DOTALL)
    assert silent.status_code == 400 and "Say why" in silent.get_data(as_text=True)
    assert done.status_code == 303
    assert "“một phút” is retired." in after
    assert 'value="một phút"' not in after
    assert [(entry.params["name"], entry.params["reason"]) for entry in audited(session, "policy.retired")] == [
        ("một phút", "ghi nhầm đơn vị")
    ]


def test_the_last_promise_for_everything_else_is_kept_and_the_reason_said(
    browser: FlaskClient, session: Session
) -> None:
    seen = post(browser, f"{HERE}/promises/retire/preview", policy="Mặc định").get_data(as_text=True)
    refused = post(browser, f"{HERE}/promises/retire", policy="Mặc định", reason="sai")
    by_file = post(browser, f"{HERE}/promises/preview", text="policies: [{name: Mặc định, retired: true}]")
    unknown = post(browser, f"{HERE}/promises/retire/preview", policy="không có")

    assert "It cannot be retired" in seen
    assert f'{HERE}/promises/retire"' not in seen
    assert refused.status_code == 409
    assert by_file.status_code == 400
    assert "some contacts would be promised nothing" in by_file.get_data(as_text=True)
    assert unknown.status_code == 404
    assert not audited(session, "policy.retired")


def test_a_file_retires_a_promise_too(browser: FlaskClient, session: Session) -> None:
    post(browser, f"{HERE}/promises/apply", text=MINUTE.replace("standard", chain_name(session)))
    text = "policies: [{name: một phút, retired: true, reason: sai}]"

    seen = post(browser, f"{HERE}/promises/preview", text=text).get_data(as_text=True)
    post(browser, f"{HERE}/promises/apply", text=text)
    again = post(browser, f"{HERE}/promises/preview", text=text).get_data(as_text=True)

    assert "These are retired: một phút." in seen
    assert len(audited(session, "policy.retired")) == 1
    assert "these rules are already in force" in again


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a: &a [*a]", b"x" * 500_000, b"- 1", b"{"])
def test_a_file_that_is_none_is_refused_politely(browser: FlaskClient, content: bytes) -> None:
    answer = browser.post(
        f"{HERE}/promises/preview",
        data={"csrf_token": csrf_of(browser, LIGHT), "file": (io.BytesIO(content), "x.yaml")},
    )

    assert answer.status_code == 400
    assert "/administration/promises/apply" not in answer.get_data(as_text=True)


def test_how_long_somebody_is_given_to_be_reached_is_changed_here_and_nonsense_is_refused(
    browser: FlaskClient, session: Session
) -> None:
    times = {"emergency": "1,5", "urgent": "10", "normal": "90"}
    times |= {f"{code}_{what}": typed for code in (*times,) for what, typed in (("calls", "4"), ("pause", "45"))}
    refused = [
        post(browser, f"{HERE}/promises/reach-times", **{**times, field: wrong})
        for field, wrong in (
            ("urgent", "0"), ("urgent", "abc"), ("urgent", "1e9"), ("urgent", "NaN"), ("normal_calls", "0"),
            ("normal_calls", "11"), ("emergency_pause", "2"), ("emergency_pause", ""),
        )
    ]  # fmt: skip
    unchanged = session.scalars(select(ReachTime.seconds).order_by(ReachTime.priority)).all()

    post(browser, f"{HERE}/promises/reach-times", **times)

    assert [answer.status_code for answer in refused] == [400] * 8
    assert 'value="abc"' in refused[1].get_data(as_text=True)
    assert unchanged == [120, 7200, 600]
    assert session.scalars(select(ReachTime.seconds).order_by(ReachTime.priority)).all() == [90, 5400, 600]
    assert session.execute(select(ReachTime.most_calls, ReachTime.call_pause_seconds).distinct()).all() == [(4, 45)]
    assert [one.staff_id for one in audited(session, "reach_time.changed")] == [me(session)]
