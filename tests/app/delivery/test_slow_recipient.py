"""The mail server of some recipients takes minutes: everybody else's mail leaves meanwhile, an urgent one first."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from app.delivery import apart
from app.delivery.apart import PLACES
from app.delivery.deliver import AT_ONCE, Delivery
from app.processes.worker import _keep_delivering
from app.recurring.jobs import RecurringJobs
from app.storage.database import transaction
from tests.app.delivery.delivering_office import Office
from tests.app.delivery.mail_server import MailServer, mail_server
from tests.faults.nodes import wait_until
from tickets.outbox.posting import post_email
from tickets.states import OutboundChannel, OutboundState


def mail(office: Office, key: str, *, is_urgent: bool = False, domain: str = "example.vn") -> int:
    with transaction(office.factory) as session:
        return post_email(
            session, to=f"{key}@{domain}", template="ticket_resolved", is_urgent=is_urgent,
            params={"reference": "2600421733", "body": "Đã xử lý."}, locale="vi", dedup_key=key, now=office.now,
        )  # fmt: skip


def sent(office: Office, *messages: int) -> bool:
    return all(office.message(one).state is OutboundState.SENT for one in messages)


@contextmanager
def mail_lane(office: Office) -> Iterator[threading.Event]:
    """The worker's, as it runs; what wakes it."""
    wake, stop = threading.Event(), threading.Event()
    with ThreadPoolExecutor(PLACES) as pool:
        lane = Delivery(**{**vars(office.delivery), "pool": pool})
        told = (RecurringJobs(), lane, (OutboundChannel.EMAIL,), wake, stop)
        running = threading.Thread(target=_keep_delivering, args=told, daemon=True)
        running.start()
        try:
            yield wake
        finally:
            stop.set()
            wake.set()
            running.join(10)


def waiting_at(server: MailServer, *, recipients: int) -> bool:
    return wait_until(lambda: server.heard.count("RCPT") == recipients, seconds=10)


def test_the_others_mail_leaves_while_one_recipients_server_takes_its_time(committed, settings) -> None:
    with mail_server(slow_after="RCPT") as server:
        office = Office(committed, settings, smtp_url=f"smtp://{server.address}")
        slow = mail(office, "slow")
        with mail_lane(office) as wake:
            assert waiting_at(server, recipients=1)
            server.slow_after = ""
            others = [mail(office, f"k{number}") for number in range(2 * AT_ONCE)]
            wake.set()
            others_left = wait_until(lambda: sent(office, *others), seconds=10)
            still_waits = office.message(slow).state
            server.goes_on.set()
            left = wait_until(lambda: sent(office, slow), seconds=10)

    assert (others_left, still_waits, left) == (True, OutboundState.CLAIMED, True)


def test_a_place_is_kept_for_an_urgent_mail_and_a_free_one_is_taken_at_once(committed, settings, monkeypatch) -> None:
    monkeypatch.setattr("app.processes.worker.POLL_SECONDS", 60)
    with mail_server(slow_after="RCPT") as server:
        office = Office(committed, settings, smtp_url=f"smtp://{server.address}")
        slow = [mail(office, f"slow{number}") for number in range(AT_ONCE + 2)]
        with mail_lane(office) as wake:
            assert waiting_at(server, recipients=AT_ONCE - 1)
            server.slow_after = ""
            urgent = mail(office, "urgent", is_urgent=True)
            wake.set()
            urgent_left = wait_until(lambda: sent(office, urgent), seconds=10)
            others_wait = [office.message(one).state for one in slow]
            server.goes_on.set()
            all_left = wait_until(lambda: sent(office, *slow), seconds=10)

    assert urgent_left
    assert others_wait == [OutboundState.CLAIMED] * (AT_ONCE - 1) + [OutboundState.WAITING] * 3
    assert all_left
    assert {office.message(one).attempts for one in (*slow, urgent)} == {1}


def test_others_ordinary_mail_leaves_although_slow_ones_hold_every_place(committed, settings, monkeypatch) -> None:
    """Ten of them, of which seven fill the places of ordinary mail; the others of theirs come after, and wait too."""
    monkeypatch.setattr("app.processes.worker.POLL_SECONDS", 0.2)
    monkeypatch.setattr(apart, "SLOW_AFTER_SECONDS", 1.0)
    with mail_server(slow_after="RCPT") as server:
        office = Office(committed, settings, smtp_url=f"smtp://{server.address}")
        slow = [mail(office, f"slow{number}") for number in range(AT_ONCE + 2)]
        with mail_lane(office):
            assert waiting_at(server, recipients=len(slow))
            server.slow_after = ""
            others = [mail(office, f"k{number}") for number in range(2 * AT_ONCE)]
            others_left = wait_until(lambda: sent(office, *others), seconds=10)
            still_wait = {office.message(one).state for one in slow}
            server.goes_on.set()
            all_left = wait_until(lambda: sent(office, *slow), seconds=10)

    assert (others_left, still_wait, all_left) == (True, {OutboundState.CLAIMED}, True)
    assert {office.message(one).attempts for one in (*slow, *others)} == {1}


def test_a_domain_that_is_slow_for_everybody_keeps_no_place_from_others(committed, settings, monkeypatch) -> None:
    monkeypatch.setattr("app.processes.worker.POLL_SECONDS", 0.2)
    monkeypatch.setattr(apart, "SLOW_AFTER_SECONDS", 0.3)
    monkeypatch.setattr(apart, "MOST_SLOW_OF_A_DOMAIN", AT_ONCE - 1)
    with mail_server(slow_after="RCPT") as server:
        office = Office(committed, settings, smtp_url=f"smtp://{server.address}")
        slow = [mail(office, f"slow{number}") for number in range(2 * AT_ONCE)]
        with mail_lane(office):
            assert waiting_at(server, recipients=AT_ONCE - 1)
            time.sleep(1.0)
            at_theirs = server.heard.count("RCPT")
            server.slow_after = ""
            other = mail(office, "other", domain="example.org")
            other_left = wait_until(lambda: sent(office, other), seconds=10)
            server.goes_on.set()
            all_left = wait_until(lambda: sent(office, *slow), seconds=10)

    assert (at_theirs, other_left, all_left) == (AT_ONCE - 1, True, True)
