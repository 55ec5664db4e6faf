"""Each table is written by one module, so that what its rows mean is decided in one place."""

import ast

from tests.whole_app.sources import nodes, sources
from tests.whole_app.table_writers import writers

# Not the product: it fills sample rows, or looks for a table's name in statements.
_MEASURING = "app/bench/"
# Tables whose rows several modules write, with the reason; a name that ends in a slash is a room.
_SHARED: dict[str, tuple[str, ...]] = {
    # A call is a story of thirty seconds told by every room of the telephony, under the lock of `calls.lock_call`.
    "Call": ("telephony/calls.py", "telephony/sweep.py", "telephony/call/", "telephony/floor/"),
    # A ticket is what all work is about: one module a story, under the lock of `ticket.lock_ticket`; only `ticket.move`
    # changes the status. Promises keep the next date on it, which the lists sort by.
    "Ticket": (
        "tickets/work/",
        "tickets/intake/rerouting.py",
        "tickets/promises/clocks.py",
        "tickets/promises/ledger.py",
    ),
    # Breaches of many tickets are noted in one statement while escalation fires; the book writes one ticket's clocks.
    "Clock": (
        "tickets/promises/clocks.py",
        "tickets/promises/clock_moves.py",
        "tickets/promises/given_dates.py",
        "tickets/promises/breaches.py",
    ),
    # Promises plan a step, escalation writes what became of it, a leader's answer moves those to come; what waits for a
    # list does so no longer where the matter becomes an emergency; a proof marks anew what a trigger marks of answers.
    "PlannedStep": (
        "tickets/promises/answered_levels.py",
        "tickets/promises/clocks.py",
        "tickets/promises/next_list.py",
        "escalation/firing/record.py",
        "escalation/acknowledging/moved_levels.py",
    ),
    # A text is kept with what it led to; its pictures come later.
    "InboundSms": ("telephony/sms/",),
    # A leader asks, rounds write that it was in vain, and that the matter came back before it was known when.
    "Delegation": (
        "escalation/acknowledging/delegate.py",
        "escalation/acknowledging/asked_in_vain.py",
        "escalation/acknowledging/given_back_before.py",
    ),
    # The outbox is a room: posting, claiming, what became of it, and what people do with dead letters.
    "OutboundMessage": ("tickets/outbox/",),
}
# Whoever fills several tables in one statement, with rows that their owners shape: opening a ticket is the busiest
# thing we do.
_TOGETHER = {"tickets/intake/opening.py", "tickets/intake/rerouting.py", "tickets/promises/clocks.py"}


def test_a_table_is_written_by_one_module() -> None:
    found = {name: {path for path in paths if not path.startswith(_MEASURING)} for name, paths in writers().items()}

    several = {
        name: sorted(path for path in paths if not path.startswith(_SHARED.get(name, ())))
        for name, paths in found.items()
        if len(paths) > 1
    }

    assert {name: paths for name, paths in several.items() if paths} == {}
    assert several.keys() == _SHARED.keys()


def test_several_tables_are_filled_at_once_only_where_a_ticket_begins() -> None:
    callers = {path for path, tree in sources().items() if _calls(tree, "insert_rows")}

    assert callers == _TOGETHER


def _calls(tree: ast.AST, name: str) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name for node in nodes(tree)
    )
