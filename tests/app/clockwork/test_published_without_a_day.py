"""One day of all that cannot be counted keeps the city's figures from nobody: they are read from its promises."""

import pytest

from app.clockwork.kept_figures import count_finished_days
from app.clockwork.node import make_node
from app.processes.signs_of_life import database_now
from app.recurring.aside import SomePutAside
from app.settings import Settings
from tests.app.clockwork.test_batches import trigger
from tests.conftest import Committed
from tickets import done_days
from tickets.promises import day_totals


def test_the_figures_are_published_and_the_day_is_counted_when_it_can_be(
    committed: Committed, settings: Settings
) -> None:
    node = make_node(settings, committed.engine)
    with committed.factory() as session:
        last = day_totals.last_settled(database_now(session))

    def done(work: str) -> bool:
        with committed.factory() as session:
            return done_days.is_done(session, work, on_day=last)

    refused = f"new.work = 'count promises' and new.on_day = '{last}'"
    with trigger(committed, "done_day", f"if {refused} then raise exception 'no'; end if"):
        with pytest.raises(SomePutAside):
            count_finished_days(node)
        assert (done("count promises"), done(day_totals.FIGURES_TO_READ)) == (False, True)
    count_finished_days(node)

    assert done("count promises")
