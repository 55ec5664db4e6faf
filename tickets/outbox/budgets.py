"""How many texts and calls go out to citizens at the city's cost: to one number, to a range of numbers, and in all."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.errors import InvalidInput
from tickets.people.actor import Actor
from tickets.schema import SendingBudget
from tickets.states import BudgetScope, SendingKind

HOUR, DAY = 3600, 86_400
MOST_IN_A_BUDGET = 1_000_000


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so many within these seconds: of an hour by the clock, or a day of the city."""

    kind: SendingKind
    scope: BudgetScope
    seconds: int
    most: int

    @property
    def name(self) -> str:
        return f"{self.kind.value}_{self.scope.value}_{self.seconds}"


def budgets_now(session: Session) -> list[Budget]:
    """In the order in which people read them: by kind, from one number to all."""
    rows = session.execute(select(SendingBudget.kind, SendingBudget.scope, SendingBudget.seconds, SendingBudget.most))
    kinds, scopes = list(SendingKind), list(BudgetScope)
    return sorted(
        (Budget(*row) for row in rows), key=lambda one: (kinds.index(one.kind), scopes.index(one.scope), one.seconds)
    )


def set_budgets(session: Session, budgets: Sequence[Budget], *, actor: Actor, now: datetime) -> None:
    """Holds for what is sent from now on. Raises InvalidInput, by the budget's name, for a number out of range."""
    for one in budgets:
        if not 1 <= one.most <= MOST_IN_A_BUDGET:
            raise InvalidInput(one.name, "no_such_budget")
    before = {one.name: one for one in budgets_now(session)}
    changed = [one for one in budgets if before.get(one.name) != one]
    if changed:
        _put(session, changed)
    for one in changed:
        entries.record(
            session,
            actor=actor,
            action="sending_budget.changed",
            subject_kind="sending_budget",
            subject_id=None,
            params={"sending": one.kind, "whom": one.scope, "seconds": one.seconds, "most": one.most},
            now=now,
        )


def _put(session: Session, budgets: Sequence[Budget]) -> None:
    statement = insert(SendingBudget).values([asdict(one) for one in budgets])
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["kind", "scope", "seconds"], set_={"most": statement.excluded.most}
        )
    )
