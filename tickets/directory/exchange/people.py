"""People as a file, a row for each person and post: accounts, roles, posts and the ways in which they are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tickets.directory.exchange.kind import ChangeState, RowChange, TextRow
from tickets.directory.exchange.long_kind import PagedKind
from tickets.directory.exchange.people_judged import holders_overlap, wrong_dates
from tickets.directory.exchange.people_standing import PeopleRows, people_behind, people_rows
from tickets.directory.exchange.people_written import PeopleDesk, take_person_back, write_people
from tickets.directory.exchange.posts import PostNames
from tickets.file_errors import RowError, wrong_row
from tickets.sheets.columns import Column, Reads, plain
from tickets.sheets.values import BadValue

# What an empty cell does not take away: a file without telephones is no order to forget them.
_KEPT_WHERE_EMPTY = ("name", "email", "phone", "role", "from", "alerts")
HOLDING_OF_A_POST = "holder"


@dataclass(frozen=True, slots=True)
class _Named:
    person: str
    name: str
    row: TextRow


class People(PagedKind):
    name = "people"
    columns = (
        Column("name", needed=True, longest=120),
        Column("email", Reads.EMAIL, longest=254),
        Column("phone", Reads.PHONE, longest=40),
        Column("unit", Reads.UNIT, needed=True),
        Column("role", Reads.CHOICE, needed=True, words="role"),
        Column("post", longest=200),
        Column("holding", Reads.CHOICE, words="holding"),
        Column("from", Reads.DAY),
        Column("to", Reads.DAY),
        Column("alerts", Reads.CHOICES, words="alert"),
    )
    key = ("person", "unit", "post", "holding", "role")
    ends = "to"
    numbers = 2
    _posts: PostNames | None = None
    _rows: PeopleRows | None = None

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]  # passed on as they are
        # Who of the file has which telephone, and by which name each is called there.
        self._phones: dict[str, _Named] = {}
        self._names: dict[str, str] = {}

    @property
    def posts(self) -> PostNames:
        if self._posts is None:
            self._posts = PostNames(self.session)
        return self._posts

    @property
    def rows(self) -> PeopleRows:
        if self._rows is None:
            self._rows = people_rows(self.session, self.units, now=self.now)
        return self._rows

    def key_of(self, row: TextRow) -> str:
        """A post is held once, whichever role goes with it; a role without a post stands for itself."""
        last = f"{row['post']}:{row['holding']}" if row.get("post") else f"-{row.get('role', '')}"
        return f"{row['person']}|{row['unit']}|{last}"

    def offered(self, column: str, locale: str) -> list[str]:
        return self.posts.named(locale) if column == "post" else []

    def name_of(self, row: TextRow) -> str:
        return " ".join(filter(None, (row["name"], row["unit"], row.get("post") or row["role"])))

    def judge(self, row: TextRow) -> None:
        row.setdefault("email", "")
        row.setdefault("phone", "")
        if not (row["email"] or row["phone"]):
            raise BadValue("email_or_phone", column="email")
        row["person"] = self._person(row)
        row["holding"] = row.get("holding", "") if row.get("post") else ""
        if row.get("post"):
            row["post"] = self.posts.code(self.units.id(row["unit"]), row["post"])
            row["holding"] = row["holding"] or HOLDING_OF_A_POST
        if row.get("from") and row.get("to") and row["to"] < row["from"]:
            raise BadValue("ends_before_it_begins", row["to"], column="to")
        self._judge_ways(row)

    def merged(self, before: TextRow, cells: TextRow) -> TextRow:
        kept = {column: cells.get(column) or before[column] for column in _KEPT_WHERE_EMPTY}
        return {**before, **cells, **kept}

    def judge_changes(self, changes: Sequence[RowChange]) -> list[RowError]:
        done = [one for one in changes if one.state is not ChangeState.UNCHANGED]
        errors = [error for one in done if (error := self._own(one)) is not None]
        errors += [error for one in done if (error := wrong_dates(one, today=self.today.isoformat())) is not None]
        return errors + holders_overlap(done, self.standing(), key_of=self.key_of, today=self.today.isoformat())

    def standing(self) -> list[TextRow]:
        return self.rows.shown

    def numbered(self, *, after: Sequence[int], most: int) -> list[tuple[tuple[int, ...], TextRow]]:
        """By account, and by the rows of each."""
        last, row = after or (0, 0)
        found: list[tuple[tuple[int, ...], TextRow]] = []
        # The rest of the account with which the page before ended comes first.
        while len(found) < most and (some := people_behind(self.session, last - 1 if row else last, most=most)):
            found += [one for one in self._rows_of(some) if one[0] > (last, row)]
            last, row = some[-1], 0
        return found[:most]

    def _rows_of(self, staff_ids: Sequence[int]) -> list[tuple[tuple[int, int], TextRow]]:
        of: dict[int, list[TextRow]] = {staff_id: [] for staff_id in staff_ids}
        for row in people_rows(self.session, self.units, now=self.now, only=(staff_ids[0], staff_ids[-1])).shown:
            of[int(row["person"][1:])].append(row)
        return [((staff_id, number), row) for staff_id, rows in of.items() for number, row in enumerate(rows, 1)]

    def known(self) -> Mapping[str, TextRow]:
        return {self.key_of(row): row for row in (*self.rows.hidden, *self.rows.shown)}

    def write(self, changes: Sequence[RowChange]) -> None:
        write_people(PeopleDesk(self.session, self.units, self.people, self.posts, self.now), changes)

    def take_back(self, change: RowChange) -> None:
        take_person_back(self.session, change.kept, now=self.now)

    def _person(self, row: TextRow) -> str:
        """By what they are the same in every row. Raises BadValue for a telephone that is another's."""
        by_email = self.people.by_email.get(row["email"]) if row["email"] else None
        by_phone = self.people.by_phone.get(row["phone"]) if row["phone"] else None
        is_another = by_phone is not None and not by_phone.is_closed and (
            by_phone.id != by_email.id
            if by_email is not None
            else (bool(by_phone.email) and bool(row["email"])) or plain(by_phone.name) != plain(row["name"])
        )  # fmt: skip
        if is_another and by_phone is not None:
            raise BadValue("phone_taken", by_phone.name, column="phone")
        known = by_email or (by_phone if by_phone is not None and not by_phone.is_closed else None)
        person = f"#{known.id}" if known is not None else row["email"] or row["phone"]
        self._judge_beside(row, person)
        return person

    def _judge_beside(self, row: TextRow, person: str) -> None:
        """What other rows of the file say of the same person, or of the same telephone."""
        if plain(self._names.setdefault(person, row["name"])) != plain(row["name"]):
            raise BadValue("names_differ", self._names[person], column="name")
        if row["phone"]:
            first = self._phones.setdefault(row["phone"], _Named(person, row["name"], row))
            if first.person != person:
                raise BadValue("phone_taken", first.name, column="phone")

    def _judge_ways(self, row: TextRow) -> None:
        alerts = row.get("alerts", "").split(", ")
        known = self.people.by_id.get(int(row["person"][1:])) if row["person"].startswith("#") else None
        if {"sms", "call"} & set(alerts) and not (row["phone"] or (known and known.phone)):
            raise BadValue("alerts_need_phone", column="alerts")
        if "mail" in alerts and not (row["email"] or (known and known.email)):
            raise BadValue("alerts_need_email", column="alerts")

    def _own(self, change: RowChange) -> RowError | None:
        """Nobody gives a role or a post to themselves."""
        if self.actor.staff_id is None or change.after["person"] != f"#{self.actor.staff_id}":
            return None
        return wrong_row(change.number, "own_post", column="role") if change.before is None else None
