"""Whether the trail was changed: asked for on a page, computed by a worker part by part, told with its time."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.processes.verifications import verify_next
from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import HERE, NOW, audited, me, post, shown
from tests.app.web.steering import csrf_of
from tests.signing_in import sign_in
from tickets.audit import entries
from tickets.people.actor import SYSTEM
from tickets.schema import AuditEntry, AuditSeal, AuditVerification
from tickets.states import Role

PROOF = f"{HERE}/audit/verify"


def sealed(session: Session, count: int) -> int:
    """So many entries more, all linked; how many links there are now."""
    for number in range(count):
        entries.record(session, actor=SYSTEM, action="test.done", subject_kind="test", subject_id=number, now=NOW)
    entries.seal(session, now=NOW, settled_before=NOW + timedelta(days=1), limit=1_000_000)
    return entries.verify(session).checked


def verify_now(session: Session) -> None:
    """The worker's turn."""
    assert verify_next(lambda: nullcontext(session))
    session.flush()


def test_the_page_says_how_far_it_is_and_then_what_was_found_and_when(browser: FlaskClient, session: Session) -> None:
    links = sealed(session, 5)
    asked = post(browser, PROOF)
    pages = [shown(browser, PROOF)]

    @contextmanager
    def looked_at_after_each() -> Iterator[Session]:
        yield session
        session.flush()
        pages.append(shown(browser, PROOF))

    assert verify_next(looked_at_after_each, links_at_once=2)

    assert asked.status_code == 303
    assert "It begins in a moment." in pages[0]
    assert any(f"2 of {links} entries are verified." in page for page in pages)
    assert any("what was written with it is being compared" in page for page in pages)
    assert "The chain holds" in pages[-1] and "<progress" not in pages[-1]
    assert "Last verified" in shown(browser, f"{HERE}/audit")
    assert [entry.params["intact"] for entry in audited(session, "audit.verified")] == [True]
    assert [entry.staff_id for entry in audited(session, "audit.verified")] == [me(session)]


def test_a_broken_chain_is_named_on_the_page_and_written_down(browser: FlaskClient, session: Session) -> None:
    links = sealed(session, 2)
    entries.record(session, actor=SYSTEM, action="test.done", subject_kind="test", subject_id=9, now=NOW)
    forged = session.scalars(select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(1)).one()
    link = {"entry_id": forged, "number": links + 1, "previous_hash": "0" * 64, "hash": "f" * 64, "sealed_at": NOW}
    session.execute(insert(AuditSeal).values(link))

    post(browser, PROOF)
    verify_now(session)

    page = shown(browser, PROOF)
    assert "The chain is broken" in page and f"Entry {forged} was changed or removed." in page
    assert "The chain is broken" in shown(browser, f"{HERE}/audit")
    [written] = audited(session, "audit.verified")
    assert (written.params["intact"], written.params["checked"], written.subject_id) == (False, links, forged)


def test_one_proof_serves_whoever_asks_meanwhile_and_one_whose_worker_died_is_begun_anew(
    app: HotlineApp, browser: FlaskClient, session: Session
) -> None:
    sealed(session, 2)
    post(browser, PROOF)
    auditor = app.test_client()
    auditor.set_cookie("locale", "en")
    sign_in(auditor, session, role=Role.AUDITOR, now=NOW)
    again = auditor.post(PROOF, data={"csrf_token": csrf_of(auditor, PROOF)}, follow_redirects=True)
    # Another worker took it, said something, and was never heard again.
    session.execute(update(AuditVerification).values(quiet_until=NOW - timedelta(days=3650), checked=1))

    verify_now(session)

    assert "The trail is being verified already" in again.get_data(as_text=True)
    assert not verify_next(lambda: nullcontext(session))
    assert "The chain holds" in shown(browser, PROOF)
    assert len(audited(session, "audit.verification_asked")) == len(audited(session, "audit.verified")) == 1
