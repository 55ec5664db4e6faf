"""What a step of a call needs beside the session: the account it came by, the rules in force, and the keys."""

from dataclasses import dataclass

from telephony.provider.account import ProviderAccount
from tickets.directory.places import PlaceIndex
from tickets.keys import Keys
from tickets.matter import MatterReading, read_matter
from tickets.routing.rule_rows import LineRule, UnitRule
from tickets.routing.rules import Rules


@dataclass(frozen=True)
class Desk:
    account: ProviderAccount
    places: PlaceIndex
    rules: Rules
    keys: Keys

    def line(self, *phones: str) -> LineRule | None:
        """The published line that was dialled: the first of the numbers that is one."""
        lines = {line.phone: line for line in self.rules.routing.lines.values()}
        return next((lines[phone] for phone in phones if phone in lines), None)

    def read(self, said: str) -> MatterReading:
        """By the words in force."""
        return read_matter(said, self.rules.routing.words)

    @property
    def city_line(self) -> str:
        """The number from which we call."""
        return self.rules.routing.city_phone

    def unit(self, unit_id: int | None) -> UnitRule | None:
        return self.rules.routing.units.get(unit_id or 0)

    def unit_name(self, unit_id: int | None, locale: str) -> str:
        unit = self.unit(unit_id)
        return "" if unit is None else unit.name if locale == "vi" else unit.name_en
