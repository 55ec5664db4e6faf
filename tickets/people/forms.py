"""What of a person decides how a statement reads, so that it is put together once for all who hold the same roles.

Putting a statement of a page together takes several times as long as sending it. A form knows nobody: neither an id
nor a unit stands in it, so that nothing of one person can stay in a statement that another one sends.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, BindParameter, DateTime, bindparam

from tickets.people.roles import CurrentRole, Viewer
from tickets.states import Role

# Statements of each kind; most people hold one role at one unit, and all of them share one form.
KEPT = 256
# The time at which a kept statement is sent.
NOW: Any = bindparam("now", type_=DateTime(timezone=True))
_Held = tuple[tuple[Role, int, bool], ...]


class Form(Viewer):
    """A viewer of whom only the roles are known; ids are parameters that `values_of` gives."""

    __slots__ = ()
    # One form is one object: comparing its parameters would make an SQL expression of them.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def unit_ids(self, *roles: Role) -> tuple[int, ...]:
        return tuple(dict.fromkeys(held.unit_id for held in self.held if held.role in roles))


def form_of(viewer: Viewer) -> Viewer:
    """The form of this person's statements: everybody's who holds the same roles in as many units."""
    place = {unit_id: number for number, unit_id in enumerate(_units_of(viewer))}
    return _form(tuple((held.role, place[held.unit_id], held.covers_city) for held in viewer.held))


def values_of(viewer: Viewer, **others: object) -> dict[str, object]:
    """What a statement of this person's form is sent with, and `others` that it asks for."""
    units = {_name(number): unit_id for number, unit_id in enumerate(_units_of(viewer))}
    return {"viewer_id": viewer.staff_id, **units, **others}


def _units_of(viewer: Viewer) -> Sequence[int]:
    return tuple(dict.fromkeys(held.unit_id for held in viewer.held))


def _name(number: int) -> str:
    return f"viewer_unit_{number}"


@lru_cache(KEPT)
def _form(held: _Held) -> Form:
    units: dict[int, Any] = {place: _id(_name(place)) for _role, place, _city in held}
    roles = tuple(CurrentRole(role, units[place], covers_city) for role, place, covers_city in held)
    person: Any = _id("viewer_id")
    return Form(person, "", "", "", "", is_demo=False, held=roles)


def _id(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger)


def given(name: str) -> Any:
    """An id that a kept statement is sent with, beside those of its person."""
    return _id(name)
