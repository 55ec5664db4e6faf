"""Levels that were told to somebody who has left the post since: its holder of today finds them and is told (A4).

A level is owed by a responsibility. When a shift ends, a leader is replaced or comes back from leave, what is open goes
on to whoever stands there now: onto their desk, with a code of their own, and as one list; an emergency rings. History
keeps who was told.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.acknowledging.right import told_together_now
from escalation.firing.ringing_heirs import ring_heirs
from escalation.firing.telling import duty_calendar
from escalation.queries.desk_digests import inherited_list, waiting_lines, ways_of_writing
from escalation.queries.heirs import write_down_heirs
from escalation.queries.list_lines import WaitingLine
from escalation.queries.open_levels import OpenLevels, OwedLevel, some_in_turn
from tickets.city import wall_clock
from tickets.directory.standing import Reachable
from tickets.each_alone import PutAside, all_or_each
from tickets.outbox import posting
from tickets.outbox.posting import Outgoing
from tickets.promises.calendar import is_open
from tickets.promises.loading import load_rulebook
from tickets.schema import StandingReport, Ticket
from tickets.states import OutboundChannel, Priority

ROUND_SECONDS = 60
_Heirs = Sequence[tuple[int, Reachable]]


def hand_over(
    session: Session, *, now: datetime, levels: OpenLevels | None = None, put_aside: PutAside | None = None
) -> int:
    """Bring open levels to whoever stands there now and was told of none of their promise; how many lines that made.

    A round looks at `LEVELS_PER_ROUND` of them; where there are more, the next rounds look at the others. Tickets that
    somebody holds are come back to. With `levels` it looks only at what may have got another holder since.
    """
    owed = some_in_turn(session, seconds=ROUND_SECONDS, now=now) if levels is None else levels.next(session, now=now)
    if not owed:
        return 0
    heirs = _without_a_line(session, owed, told_together_now(session, owed, now=now))
    locked = set(
        session.scalars(
            select(Ticket.id)
            .where(Ticket.id.in_({owed[step_id].ticket_id for step_id, _ in heirs}))
            .order_by(Ticket.id)
            .with_for_update(key_share=True, skip_locked=True)
        )
        if heirs
        else ()
    )
    if levels is not None:
        levels.come_back_to({owed[step_id].ticket_id for step_id, _ in heirs} - locked)
    # Once more under the locks: the person may have been told of it meanwhile.
    still: dict[int, list[Reachable]] = {}
    for step_id, heir in heirs:
        if owed[step_id].ticket_id in locked:
            still.setdefault(step_id, []).append(heir)
    heirs = _without_a_line(session, owed, still)
    if put_aside is None:
        return len(_hand(session, heirs, owed, put_aside=None, untold=None, now=now))
    handed, untold = _hand_to_whoever_can_be_told(session, heirs, owed, put_aside=put_aside, now=now)
    if levels is not None:
        levels.come_back_to({owed[step_id].ticket_id for step_id, heir in heirs if heir.person.staff_id in untold})
    return len(handed)


def _hand_to_whoever_can_be_told(
    session: Session, heirs: _Heirs, owed: Mapping[int, OwedLevel], *, put_aside: PutAside, now: datetime
) -> tuple[_Heirs, set[int]]:
    """And whom it was refused to tell. Of them nothing is written down: whoever has a line is told of it no more."""
    untold: dict[int | str, Exception] = {}
    while True:
        trying = [one for one in heirs if one[1].person.staff_id not in untold]
        more: dict[int | str, Exception] = {}
        with session.begin_nested() as attempt:
            handed = _hand(session, trying, owed, put_aside=put_aside, untold=more.__setitem__, now=now)
            if more:
                attempt.rollback()
        if not more:
            return handed, {staff_id for staff_id in untold if isinstance(staff_id, int)}
        for staff_id, trouble in more.items():
            put_aside(f"list of {staff_id}", trouble)
        untold |= more


def _hand(
    session: Session,
    heirs: _Heirs,
    owed: Mapping[int, OwedLevel],
    *,
    put_aside: PutAside | None,
    untold: PutAside | None,
    now: datetime,
) -> _Heirs:
    """Write down, ring and tell; whom that was done for, but for those whose ticket was refused."""
    written: list[_Heirs] = []
    rung: set[tuple[int, int]] = set()

    def hand(some: Sequence[_Heirs]) -> None:
        together = [heir for one in some for heir in one]
        write_down_heirs(session, together, now=now)
        rung.update(ring_heirs(session, together, now=now))
        written.extend(some)

    all_or_each(
        session, _by_ticket(heirs, owed), hand, named=lambda one: owed[one[0][0]].ticket_id, put_aside=put_aside
    )
    handed = [heir for one in written for heir in one]
    in_writing = [one for one in handed if (one[0], one[1].person.staff_id) not in rung]
    _tell(session, in_writing, untold=untold, now=now)
    return handed


def _by_ticket(heirs: _Heirs, owed: Mapping[int, OwedLevel]) -> list[_Heirs]:
    found: dict[int, list[tuple[int, Reachable]]] = {}
    for heir in heirs:
        found.setdefault(owed[heir[0]].ticket_id, []).append(heir)
    return list(found.values())


def _without_a_line(
    session: Session, owed: Mapping[int, OwedLevel], standing: Mapping[int, Sequence[Reachable]]
) -> list[tuple[int, Reachable]]:
    """One level of a promise, the highest, for each person on whose desk nothing of it stands."""
    clocks = {owed[step_id].clock_id for step_id in standing}
    lines = select(StandingReport.clock_id, StandingReport.staff_id).where(StandingReport.clock_id.in_(clocks))
    known = {(clock_id, staff_id) for clock_id, staff_id in session.execute(lines)} if clocks else set()
    heirs = []
    # Of one promise the higher level was raised later.
    for step_id in sorted(standing, reverse=True):
        for heir in standing[step_id]:
            pair = owed[step_id].clock_id, heir.person.staff_id
            if pair not in known:
                known.add(pair)
                heirs.append((step_id, heir))
    return heirs


def _tell(session: Session, heirs: _Heirs, *, untold: PutAside | None, now: datetime) -> None:
    """One list for each person: in the hours of duty, to a shift that begins, and about what cannot wait, at once.

    What else comes at night stands on their screen, and in the list of the morning.
    """
    if not heirs:
        return
    handed = {(step_id, heir.person.staff_id) for step_id, heir in heirs}
    by_person: dict[int, list[WaitingLine]] = {}
    for line in waiting_lines(session, StandingReport.step_id.in_({step_id for step_id, _ in heirs})):
        if (line.step.id, line.person.id) in handed:
            by_person.setdefault(line.person.id, []).append(line)
    on_turn = {heir.person.staff_id for _, heir in heirs if heir.capacity == "shift"}
    in_hours = is_open(duty_calendar(load_rulebook(session)), now)
    people = [lines[0].person for lines in by_person.values()]
    ways = ways_of_writing(session, people, hour=wall_clock(now).hour)
    theirs: list[tuple[int, list[Outgoing]]] = []
    for staff_id, lines in by_person.items():
        cannot_wait = any(line.ticket.priority is not Priority.NORMAL for line in lines)
        may_write = in_hours or cannot_wait or staff_id in on_turn
        own = [way for way in ways[staff_id] if may_write or way[0] is OutboundChannel.SCREEN]
        # A level comes to a person once; of several rounds within a minute each is told for itself.
        first = min(line.step.id for line in lines)
        key = f"handed_over:{now.isoformat(timespec='minutes')}:{first}"
        theirs.append((staff_id, inherited_list(lines, own, key=key)))

    def post(some: Sequence[tuple[int, list[Outgoing]]]) -> None:
        posting.post_all(session, [message for _, mine in some for message in mine], now=now)

    all_or_each(session, theirs, post, named=lambda one: one[0], put_aside=untold)
