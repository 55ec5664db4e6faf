"""Every kind of file there is; promises and chains are written as YAML, everything else as rows."""

from collections.abc import Mapping, Sequence

from app.seeding.desks import equip
from tickets.directory.exchange.calendars import Calendars
from tickets.directory.exchange.categories import CategoryRows
from tickets.directory.exchange.dossiers import Dossiers
from tickets.directory.exchange.holidays import Holidays
from tickets.directory.exchange.kind import FileKind, RowChange
from tickets.directory.exchange.leave import LeaveRows
from tickets.directory.exchange.lines import Lines
from tickets.directory.exchange.offices import Offices
from tickets.directory.exchange.people import People
from tickets.directory.exchange.place_names import Aliases, Landmarks, Streets
from tickets.directory.exchange.posts import Posts
from tickets.directory.exchange.prepared_answers import PreparedAnswers
from tickets.directory.exchange.procedures import Procedures
from tickets.directory.exchange.responsibilities import Responsibilities
from tickets.directory.exchange.rota import Rota
from tickets.directory.exchange.units import Units
from tickets.matter.files import EmergencyWords, OtherWords

POLICIES = "policies"


class EquippedUnits(Units):
    """A body that cannot keep a ticket or name a post would be a hole in routing and in every chain."""

    def write(self, changes: Sequence[RowChange]) -> None:
        super().write(changes)
        equip(self.session, self.new_ids)


# In the order in which a city is entered: what others name comes first.
TABLE_KINDS: Mapping[str, type[FileKind]] = {
    kind.name: kind
    for kind in (
        EquippedUnits,
        Offices,
        Lines,
        Posts,
        People,
        Rota,
        LeaveRows,
        Responsibilities,
        CategoryRows,
        Procedures,
        Dossiers,
        Calendars,
        Holidays,
        EmergencyWords,
        OtherWords,
        PreparedAnswers,
        Aliases,
        Streets,
        Landmarks,
    )
}
FILE_KINDS: tuple[str, ...] = (*TABLE_KINDS, POLICIES)
