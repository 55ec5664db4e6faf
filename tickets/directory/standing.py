"""Who stands where: who answers for a post or a level at an instant, in the order of trying (R12, R19).

The one statement of it: firing, staircase, the ticket's page, the telephone's duty desk and the right to answer ask it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tickets.directory.contact_hours import Hours
from tickets.promises.plan import CITY_LEADER_LEVEL, RESPONSIBLE_LEADER, ChainLevel, posts_to_ask
from tickets.states import OutboundChannel

UNIT_LEAD = "unit_lead"
# Not a post: whoever holds the role of supervisor at a unit, asked where nobody holds the post of its lead.
SUPERVISORS = "(supervisor)"
# Who is on the rota answers for the post now; then who holds it, then who stands in.
_ORDER = {"shift": 0, "holder": 1, "deputy": 2, "duty": 3, "supervisor": 4}

_MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class ContactWay:
    """One way to a person; in hours (of the city's day) where it is not always open, chosen where they named it."""

    kind: OutboundChannel
    address: str
    is_verified: bool = False
    is_chosen: bool = False
    from_hour: int | None = None
    to_hour: int | None = None

    def is_open_at(self, hour: int) -> bool:
        return Hours(self.from_hour, self.to_hour).hold_at(hour)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, and the ways to reach them besides their screen; `methods` are those they named.

    `is_leader`: of the city, a ward or a department, by their role.
    """

    staff_id: int
    name: str
    phone: str | None
    email: str
    locale: str
    methods: tuple[ContactWay, ...] = ()
    is_leader: bool = False

    @property
    def ways(self) -> tuple[ContactWay, ...]:
        """What may be used of them, in their order: what is proved; only where nothing is, what is not (A3).

        A proved number of theirs that takes texts rings as well.
        """
        own = tuple(one for one in self.methods if one.is_verified) or self.methods or self._of_the_account()
        text = next((one for one in own if one.kind is OutboundChannel.SMS), None)
        if text is None or any(one.kind is OutboundChannel.VOICE for one in own):
            return own
        place = own.index(text) + 1
        return (*own[:place], replace(text, kind=OutboundChannel.VOICE, is_chosen=False), *own[place:])

    @property
    def takes_lists(self) -> bool:
        """Whether a list leaves the house for them: by a proved way of writing, or by what their account has."""
        own = tuple(way for way in self.methods if way.is_verified) if self.methods else self._of_the_account()
        return any(way.kind is not OutboundChannel.VOICE for way in own)

    def may_answer_from(self, phone: str | None) -> bool:
        """Whether a reply code counts from this phone of theirs, or, where none is named, from any."""
        proved = {way.address for way in self.methods if way.is_verified and way.kind is not OutboundChannel.EMAIL}
        own = proved | ({self.phone} if self.phone else set())
        return bool(own) if phone is None else phone in own

    def _of_the_account(self) -> tuple[ContactWay, ...]:
        by_phone = (ContactWay(OutboundChannel.SMS, self.phone),) if self.phone else ()
        by_mail = (ContactWay(OutboundChannel.EMAIL, self.email),) if self.email else ()
        return (*by_phone, *by_mail)


@dataclass(frozen=True, slots=True)
class Reachable:
    """A person who answers for a post, and in which capacity: shift, holder, deputy, duty, supervisor, responsible.

    `instead_of` names who is on leave and has the capacity; empty where it is the person's own.
    """

    person: Person
    post_id: int | None
    unit_id: int | None
    capacity: str
    post: str = ""
    post_en: str = ""
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class Responsible:
    """A member of the city's leadership with the field or the area (a unit) that a decision gives them."""

    field: str | None
    unit_id: int | None
    person: Person


@dataclass(frozen=True, slots=True)
class Concern:
    """What of a ticket decides who stands on a level."""

    unit_id: int
    field: str
    procedure_id: int | None
    is_emergency: bool


class Standing:
    """Everything needed to find people for a batch of tickets, loaded once; asking it costs no statement."""

    def __init__(
        self,
        *,
        parents: Mapping[int, int | None],
        city_posts: Mapping[str, int],
        answering: Mapping[tuple[int, str], Sequence[Reachable]],
        leaders: Sequence[Responsible],
        staff: Mapping[int, Person],
        received_by: Mapping[int, int] | None = None,
    ) -> None:
        self._parents = parents
        self._city_posts = city_posts
        self._answering = {
            where: sorted(people, key=lambda one: _ORDER[one.capacity]) for where, people in answering.items()
        }
        self._leaders = leaders
        self._staff = staff
        # Units that are not live, and who receives for them.
        self._received_by = received_by or {}
        # Of a batch many tickets ask the same: it is found once.
        self._known: dict[tuple[tuple[str, ...], int, str], tuple[Reachable, ...]] = {}
        self._together: dict[tuple[int, int, Concern], tuple[Sequence[ChainLevel], list[Reachable], int]] = {}

    def on_level(self, level: ChainLevel, concern: Concern) -> list[Reachable]:
        """Who answers for a level of a chain, best first; empty if nobody does."""
        codes = posts_to_ask(level, procedure_id=concern.procedure_id)
        return self.at(codes, unit_id=concern.unit_id, field=concern.field)

    def first_from(self, levels: Sequence[ChainLevel], rank: int, concern: Concern) -> tuple[Reachable | None, int]:
        """Who is told of a level and at which: its own people, else those of the levels above (R19).

        The city's leadership is asked for another level's sake only in an emergency. (None, rank): nobody is told.
        """
        return next(self.in_order(levels, rank, concern), (None, rank))

    def in_order(self, levels: Sequence[ChainLevel], rank: int, concern: Concern) -> Iterator[tuple[Reachable, int]]:
        """Everybody who may be told of a level, and at which they stand: its own people, then those above (A3, R19)."""
        for level in levels:
            if level.level < rank:
                continue
            if level.level > rank and level.level >= CITY_LEADER_LEVEL and not concern.is_emergency:
                return
            yield from ((found, level.level) for found in self.on_level(level, concern))

    def covered_below(
        self, levels: Sequence[ChainLevel], ranks: Collection[int], concern: Concern
    ) -> Iterator[tuple[Reachable, int]]:
        """Who stands on these levels, the highest first: one above covered them, and might reach nobody (A3)."""
        for level in reversed(levels):
            if level.level in ranks:
                yield from ((found, level.level) for found in self.on_level(level, concern))

    def told_together(self, levels: Sequence[ChainLevel], rank: int, concern: Concern) -> tuple[list[Reachable], int]:
        """Who is told of a level at once and at which they stand: the first, with all who share their shift."""
        asked = (id(levels), rank, concern)
        known = self._together.get(asked)
        # The chain is kept beside the answer: no other one has its number as long as it is there.
        if known is None or known[0] is not levels:
            known = (levels, *self._found_together(levels, rank, concern))
            self._together[asked] = known
        return list(known[1]), known[2]

    def _found_together(self, levels: Sequence[ChainLevel], rank: int, concern: Concern) -> tuple[list[Reachable], int]:
        found: list[Reachable] = []
        at_level = rank
        for one, level in self.in_order(levels, rank, concern):
            if found and level != at_level:
                break
            found.append(one)
            at_level = level
        return sharing_the_shift(found), at_level

    def at(self, codes: Sequence[str], *, unit_id: int, field: str) -> list[Reachable]:
        """Who answers for a post, best first, tried by code from the left; empty if nobody does.

        The unit itself is asked first, then those above it, then the city's own desk for a post that, by the posts
        there are and whoever holds them, the city alone has. Another unit's holder is never asked: that this unit has
        nobody makes them responsible for nothing here.
        """
        asked = (tuple(codes), unit_id, field)
        if asked not in self._known:
            found = self._own_at(codes, unit_id=unit_id, field=field)
            if not found and unit_id in self._received_by:
                # Until it is live no level of a unit may tell nobody: the desk that works for it has somebody at its
                # head.
                found = self.leads(unit_id=unit_id, coordinating_unit_id=None)
            self._known[asked] = tuple(found)
        return list(self._known[asked])

    def _own_at(self, codes: Sequence[str], *, unit_id: int, field: str) -> list[Reachable]:
        found: list[Reachable] = []
        if RESPONSIBLE_LEADER in codes:
            found += [Reachable(p, None, None, "responsible") for p in self._responsible(field=field, unit_id=unit_id)]
        for unit in self._upwards(self._received_by.get(unit_id, unit_id)):
            for code in codes:
                found += self._holders(unit, code)
            if found:
                return _once(found)
        for code in codes:
            if code in self._city_posts:
                found += self._holders(self._city_posts[code], code)
        return _once(found)

    def leads(self, *, unit_id: int, coordinating_unit_id: int | None) -> list[Reachable]:
        """Who leads the reception of a unit: its post, else its supervisors, else those above or coordinating."""
        own = self._received_by.get(unit_id, unit_id)
        units = [*self._upwards(own), *([coordinating_unit_id] if coordinating_unit_id else [])]
        for unit in units:
            for code in (UNIT_LEAD, SUPERVISORS):
                if (unit, code) in self._answering:
                    return _once(self._answering[(unit, code)])
        return []

    def hears_instead(self, found: Reachable, level: ChainLevel, concern: Concern) -> bool:
        """Whether they are told only because the unit is not live: nobody of those whom the level is for has heard."""
        receiver = self._received_by.get(concern.unit_id)
        if receiver is None:
            return False
        if receiver != concern.unit_id and found.unit_id == receiver:
            return True
        codes = posts_to_ask(level, procedure_id=concern.procedure_id)
        return found not in self._own_at(codes, unit_id=concern.unit_id, field=concern.field)

    def as_if_live(self) -> "Standing":
        """The same people, for a look at what would happen once every unit receives what is its own."""
        return Standing(
            parents=self._parents,
            city_posts=self._city_posts,
            answering=self._answering,
            leaders=self._leaders,
            staff=self._staff,
        )

    def by_leaders(self, fields: Sequence[str]) -> list[tuple[str, ...]]:
        """The fields, those together for which a decision names the same leaders: asked once, each has the answer."""
        alike: dict[tuple[int, ...], list[str]] = {}
        for field in fields:
            named = tuple(one.person.staff_id for one in self._leaders if field and one.field == field)
            alike.setdefault(named, []).append(field)
        return [tuple(some) for some in alike.values()]

    def is_received_by_others(self, unit_id: int) -> bool:
        """Whether the unit is not live, and the city's desk hears of what is its own."""
        return self._received_by.get(unit_id, unit_id) != unit_id

    def person(self, staff_id: int | None) -> Person | None:
        return self._staff.get(staff_id) if staff_id is not None else None

    def _holders(self, unit_id: int, code: str) -> list[Reachable]:
        held = self._answering.get((unit_id, code), [])
        if code != RESPONSIBLE_LEADER:
            return list(held)
        # Whoever was given other fields and areas was not given this one.
        elsewhere = {one.person.staff_id for one in self._leaders}
        return [one for one in held if one.person.staff_id not in elsewhere]

    def _responsible(self, *, field: str, unit_id: int) -> list[Person]:
        by_field = [one.person for one in self._leaders if field and one.field == field]
        above = list(self._upwards(unit_id))
        by_area = [one.person for one in self._leaders if one.unit_id is not None and one.unit_id in above]
        return by_field + by_area

    def _upwards(self, unit_id: int) -> Iterator[int]:
        current: int | None = unit_id
        for _ in range(_MAX_DEPTH):
            if current is None:
                return
            yield current
            current = self._parents.get(current)


def sharing_the_shift(found: Sequence[Reachable]) -> list[Reachable]:
    """The first, and everybody who is on the rota for the same post with them: duty that is shared is told to all."""
    if not found or found[0].capacity != "shift":
        return list(found[:1])
    return [one for one in found if one.capacity == "shift" and one.post_id == found[0].post_id]


def _once(found: Sequence[Reachable]) -> list[Reachable]:
    """Each person in the best capacity only."""
    kept: dict[int, Reachable] = {}
    for one in found:
        kept.setdefault(one.person.staff_id, one)
    return list(kept.values())
