"""G19: one item that the database refuses is set aside alone, named once and counted; the rest of its batch is done."""

import pytest
from structlog.testing import capture_logs

from app.clockwork.node import make_node
from app.clockwork.schedule import SCHEDULE
from app.processes.signs_of_life import database_now
from app.recurring.aside import SomePutAside
from app.settings import ROOT, Settings
from app.storage.database import transaction
from tests.app.clockwork.one_refused import ELSEWHERE, NOT_BY_THE_MANY
from tests.app.clockwork.one_refused import SCENES as OF_TICKETS
from tests.app.clockwork.phone_refused import SCENES as OF_PHONES
from tests.app.clockwork.test_batches import trigger
from tests.conftest import Committed
from tickets.work import incident_people

SCENES = OF_TICKETS | OF_PHONES


@pytest.mark.parametrize("name", SCENES)
def test_of_many_one_that_is_refused_is_late_alone_named_once_and_done_when_it_can_be(
    committed: Committed, settings: Settings, name: str
) -> None:
    scene, node = SCENES[name], make_node(settings, committed.engine)
    with transaction(committed.factory) as session:
        at, ids = scene.lay(session, database_now(session))
    node.now = lambda _session: at
    bad, others = ids[0], set(ids[1:])

    with trigger(committed, scene.table, f"if {scene.its} = {bad} then raise exception 'no'; end if"):
        with capture_logs() as log:
            for _ in range(2):
                with pytest.raises(SomePutAside):
                    scene.job(node)
        with committed.factory() as session:
            meanwhile = scene.done(session) & set(ids)
    scene.job(node)
    with committed.factory() as session:
        at_last = scene.done(session)

    assert meanwhile == others
    assert len([entry for entry in log if entry["event"] == "job.item_put_aside"]) == 1
    assert at_last >= set(ids)


def test_where_all_of_a_step_are_refused_those_behind_them_are_told_of_the_end_of_their_incident(
    committed: Committed, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incident_people, "TOLD_AT_ONCE", 1)
    scene, node = SCENES["follow incidents"], make_node(settings, committed.engine)
    with transaction(committed.factory) as session:
        at, ids = scene.lay(session, database_now(session))
    node.now = lambda _session: at

    with trigger(committed, scene.table, f"if new.id < {ids[2]} then raise exception 'no'; end if"):
        with pytest.raises(SomePutAside, match="2 put aside"):
            scene.job(node)
        with committed.factory() as session:
            assert scene.done(session) == {ids[2]}
    scene.job(node)

    with committed.factory() as session:
        assert scene.done(session) == set(ids)


def test_every_job_is_tried_with_one_refused_or_does_not_work_by_the_many() -> None:
    tried = {name.partition(",")[0] for name in SCENES}

    assert {job.name for job in SCHEDULE} == tried | set(ELSEWHERE) | NOT_BY_THE_MANY
    assert [path for path in ELSEWHERE.values() if not (ROOT / path).exists()] == []
