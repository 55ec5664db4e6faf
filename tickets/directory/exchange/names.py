"""Bodies and people as files name them: by code, address or telephone, or by the name everybody says."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.directory.units import current_units
from tickets.people.phones import parse_phone
from tickets.schema import Staff, Unit
from tickets.sheets.columns import plain
from tickets.sheets.values import BadValue

# How people shorten the kind of a body before its name, as it is folded.
_SHORT = ((r"^(ubnd|uy ban nhan dan) ", ""), (r"^p ", "phuong "), (r"^x ", "xa "), (r"^dk ", "dac khu "))
_KIND = re.compile(r"^(phuong|xa|dac khu|ward|commune) | (ward|commune|special zone)$")


def _whole(name: str) -> str:
    """Folded, with the kind of body written out."""
    told = plain(name)
    for pattern, full in _SHORT:
        told = re.sub(pattern, full, told)
    return told


def _as_written(name: str) -> str:
    """With its marks: two communes may differ by one of them alone."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


class UnitNames:
    """The bodies of a day, found by code or by present name, with or without what kind of body it is."""

    def __init__(self, session: Session, *, on: date) -> None:
        units = [unit for unit in current_units(session, on=on) if unit.code]
        self.by_code: dict[str, Unit] = {unit.code: unit for unit in units if unit.code}
        self.by_id: dict[int, Unit] = {unit.id: unit for unit in units}
        self._named: dict[str, set[str]] = defaultdict(set)
        self._written: dict[str, set[str]] = defaultdict(set)
        for unit in self.by_code.values():
            for name in (unit.name, unit.name_en):
                self._written[_as_written(name)].add(unit.code or "")
                self._named[_whole(name)].add(unit.code or "")
                self._named[_KIND.sub("", _whole(name))].add(unit.code or "")

    def code(self, text: str) -> str:
        """Raises BadValue for none, and for a name of several."""
        # Templates offer both, one behind the other.
        told = text if text in self.by_code else text.partition(" ")[0]
        if told in self.by_code:
            return told
        found = self._written.get(_as_written(text)) or self._named.get(_whole(text), set())
        if len(found) > 1:
            raise BadValue("ambiguous_unit", ", ".join(sorted(self.by_code[code].name for code in found)))
        if not found:
            raise BadValue("no_such_unit", text)
        return next(iter(found))

    def id(self, code: str) -> int:
        return self.by_code[code].id


@dataclass(frozen=True, slots=True)
class KnownPerson:
    id: int
    name: str
    email: str
    phone: str
    is_closed: bool

    @property
    def address(self) -> str:
        """By what a file names them without doubt."""
        return self.email or self.phone or self.name


class PersonNames:
    """Everybody who has an account, found by address, telephone, or by a name that only one has."""

    def __init__(self, session: Session) -> None:
        rows = session.execute(
            select(Staff.id, Staff.name, Staff.email, Staff.phone, Staff.disabled_at).order_by(Staff.id)
        )
        people = [
            KnownPerson(i, name, email, phone or "", closed is not None) for i, name, email, phone, closed in rows
        ]
        self.by_id = {one.id: one for one in people}
        self.by_email = {one.email.lower(): one for one in people if one.email}
        # Of several with one telephone the one whose account is open.
        self.by_phone = {one.phone: one for one in sorted(people, key=lambda one: not one.is_closed) if one.phone}
        self._named = _by_name(one for one in people if not one.is_closed)

    def address(self, text: str) -> str:
        """Raises BadValue for nobody, and for a name of several."""
        return self.person(text).address

    def person(self, text: str) -> KnownPerson:
        if found := self.by_email.get(text.strip().lower()):
            return found
        phone = parse_phone(text)
        if phone is not None and phone.number in self.by_phone:
            return self.by_phone[phone.number]
        # A spreadsheet took it for a number, and left out the nought.
        if text.isdecimal() and (found := self.by_phone.get(_with_nought(text))):
            return found
        named = self._named.get(plain(text), [])
        if len(named) > 1:
            raise BadValue("ambiguous_person", text)
        if not named:
            raise BadValue("no_such_person", text)
        return named[0]


def _with_nought(digits: str) -> str:
    phone = parse_phone(f"0{digits}")
    return phone.number if phone else ""


def _by_name(people: Iterable[KnownPerson]) -> dict[str, list[KnownPerson]]:
    named: dict[str, list[KnownPerson]] = defaultdict(list)
    for one in people:
        named[plain(one.name)].append(one)
    return named
