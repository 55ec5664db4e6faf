"""A process reads places and rules before anybody calls: its first caller has a second, and must not wait for them."""

import threading

from app.storage.database import transaction
from app.web.factory import create_app
from tests.conftest import Committed
from tests.statements import counted
from tickets.routing.rules import version_now


def test_after_the_first_look_at_its_health_a_process_reads_nothing_more_for_a_caller(
    committed: Committed, settings
) -> None:
    app = create_app(settings.model_copy(update={"database_url": committed.url}), engine=committed.engine)

    assert app.test_client().get("/health/live").status_code == 200
    for thread in threading.enumerate():
        if thread.name == "warm-up":
            thread.join(60)

    with transaction(committed.factory) as session:
        version, now = version_now(session), app.time.read(session)
        phones = app.extensions["webhook_door"].phones
        with counted(session) as statements:
            for account in phones.accounts:
                phones.desk(session, account, version=version, now=now)
    assert phones.accounts
    assert statements == []
