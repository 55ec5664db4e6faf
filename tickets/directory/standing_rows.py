"""Loading who stands where at an instant, in one statement; a person counts while account, post and role all run."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from tickets.city import day_of
from tickets.directory.standing import (
    SUPERVISORS,
    UNIT_LEAD,
    ContactWay,
    Person,
    Reachable,
    Responsible,
    Standing,
)
from tickets.promises.plan import RESPONSIBLE_LEADER
from tickets.schema import RoleAssignment, Staff
from tickets.states import OutboundChannel, Role

# Four kinds of rows: units with what is above them, posts the city alone has, who answers, who is assigned for what.
# A city post is one that exists at a single body, by the posts there are and whoever holds them, which is the city's
# own. Without phone and mail box nobody can be reached. Whoever had roles at a unit and has none there any more has
# left it, even if nobody has ended their post.
# For whoever is on leave stands whom they named, in the same capacity: the post owes, not the person (A4); nobody is
# followed further than that.
# Their name is asked for only where somebody is away: asked of everybody it was three quarters of what this reads.
# For a unit that is not live (`going_live.py`) the city's desk receives; the city's own bodies receive what is theirs.
STANDING = """
    with recursive waiting as (
        select u.id, u.kind from unit u left join (
            select distinct on (g.unit_id) g.unit_id, g.is_live from going_live g where g.on_day <= :today
            order by g.unit_id, g.id desc) said on said.unit_id = u.id
        where u.id = any(:unit_ids) and exists (select from going_live) and not coalesce(said.is_live, false)
    ),
    desk as (
        select q.unit_id as id from queue q join unit u on u.id = q.unit_id
        where q.kind = 'triage' and u.valid_to is null and exists (select from waiting) order by u.id limit 1
    ),
    line(id, parent_id) as (
        select id, parent_id from unit where id = any(:unit_ids) or id = (select id from desk)
        union
        select u.id, u.parent_id from unit u join line on line.parent_id = u.id
    ),
    city_post as (
        select p.code, min(p.unit_id) as unit_id from post p join unit u on u.id = p.unit_id
        where p.code = any(:codes) and u.valid_to is null
        group by p.code having count(*) = 1 and bool_and(u.kind in ('city', 'office'))
    ),
    place as (select id from line union select unit_id from city_post),
    answering as (
        select p.unit_id, p.code, p.id as post_id, p.name as post, p.name_en as post_en, h.staff_id, h.kind as capacity
        from post p join post_holding h on h.post_id = p.id
        where (p.code = any(:codes) or p.code = :lead and p.unit_id = (select id from desk))
          and p.unit_id in (select id from place)
          and h.valid_from <= :now and coalesce(h.valid_to, 'infinity') > :now
        union all
        select p.unit_id, p.code, p.id, p.name, p.name_en, s.staff_id, 'shift'
        from post p join shift s on s.post_id = p.id
        where (p.code = any(:codes) or p.code = :lead and p.unit_id = (select id from desk))
          and p.unit_id in (select id from place) and s.starts_at <= :now and s.ends_at > :now
        union all
        select r.unit_id, :supervisors, null, '', '', r.staff_id, 'supervisor'
        from role_assignment r
        where r.role = 'supervisor' and r.unit_id in (select id from place)
          and r.valid_from <= :now and coalesce(r.valid_to, 'infinity') > :now
    ),
    away as (select staff_id, deputy_id from absence where starts_at <= :now and ends_at > :now),
    leads as (
        select staff_id from role_assignment
        where role = :leads and valid_from <= :now and coalesce(valid_to, 'infinity') > :now
    ),
    city_unit as (select id from unit where kind in ('city', 'office'))
    select 'unit' as what, id as unit_id, parent_id as above_id, null as code, null::bigint as post_id, null as post,
           null as post_en, null as capacity, null::bigint as staff_id, null as name, null as phone, null as email,
           null as locale, null::jsonb as methods, null as instead_of,
           false as is_leader
    from line
    union all
    select 'received_by', w.id, case when w.kind in ('city', 'office') then w.id else desk.id end, null, null, null,
           null, null, null, null, null, null, null, null, null, false
    from waiting w cross join desk
    union all
    select 'city_post', unit_id, null, code, null, null, null, null, null, null, null, null, null, null, null, false
    from city_post
    union all
    select 'answers', a.unit_id, null, a.code, a.post_id, a.post, a.post_en, a.capacity, st.id, st.name, st.phone,
           st.email, st.locale, (
               select jsonb_agg(jsonb_build_array(w.kind, w.address, w.verified_at is not null, w.from_hour, w.to_hour)
                   order by w.position, w.id)
               from contact_method w where w.staff_id = st.id),
           case when away.staff_id is not null then (select name from staff where id = away.staff_id) end,
           st.id in (select staff_id from leads)
    from answering a left join away on away.staff_id = a.staff_id
    join staff st on st.id = case when away.staff_id is null then a.staff_id else away.deputy_id end
    where (away.staff_id is null or not exists (select from away two where two.staff_id = st.id))
      and st.disabled_at is null and (st.phone is not null or st.email <> '')
      and (not exists (select from role_assignment r
                       where r.staff_id = st.id and r.unit_id = a.unit_id and r.valid_from <= :now)
           or exists (select from role_assignment r
                      where r.staff_id = st.id and r.unit_id = a.unit_id and r.valid_from <= :now
                        and coalesce(r.valid_to, 'infinity') > :now))
    union all
    (select 'responsible', d.unit_id, null, d.field, null, null, null, null, st.id, st.name, st.phone, st.email,
            st.locale, (
               select jsonb_agg(jsonb_build_array(w.kind, w.address, w.verified_at is not null, w.from_hour, w.to_hour)
                   order by w.position, w.id)
               from contact_method w where w.staff_id = st.id),
            case when away.staff_id is not null then (select name from staff where id = away.staff_id) end,
            st.id in (select staff_id from leads)
     from responsibility d left join away on away.staff_id = d.staff_id
     join staff st on st.id = case when away.staff_id is null then d.staff_id else away.deputy_id end
     where (away.staff_id is null or not exists (select from away two where two.staff_id = st.id))
       and :leader = any(:codes) and d.valid_from <= :today and coalesce(d.valid_to, 'infinity') > :today
       and st.disabled_at is null and (st.phone is not null or st.email <> '')
       and (not exists (select from role_assignment r join city_unit on city_unit.id = r.unit_id
                        where r.staff_id = st.id and r.valid_from <= :now)
            or exists (select from role_assignment r join city_unit on city_unit.id = r.unit_id
                       where r.staff_id = st.id and r.valid_from <= :now
                         and coalesce(r.valid_to, 'infinity') > :now))
     order by d.valid_from desc, d.id)
"""
_STANDING = text(STANDING).bindparams(
    bindparam("unit_ids", type_=ARRAY(BigInteger)), bindparam("codes", type_=ARRAY(String))
)


def load_standing(
    session: Session,
    *,
    posts: Collection[str],
    unit_ids: Collection[int],
    staff_ids: Collection[int] = (),
    now: datetime,
) -> Standing:
    """Who answers at `now` for any of `posts`, for matters of these units; and the given assignees."""
    named = {"unit_ids": sorted(unit_ids), "codes": sorted({*posts, UNIT_LEAD})}
    rows = [dict(row) for row in session.execute(_STANDING, named | standing_parameters(now)).mappings()]
    return standing_of(rows, staff=_people(session, staff_ids, now=now))


def standing_parameters(now: datetime) -> dict[str, Any]:
    """What `STANDING` asks for beside the posts and the units."""
    return {
        "supervisors": SUPERVISORS,
        "leader": RESPONSIBLE_LEADER,
        "lead": UNIT_LEAD,
        "leads": Role.LEADER.value,
        "today": day_of(now),
        "now": now,
    }


def standing_of(rows: Sequence[Mapping[str, Any]], *, staff: Mapping[int, Person] | None = None) -> Standing:
    """From the rows of `STANDING`, for whoever reads them within a statement of their own."""
    return Standing(
        parents={row["unit_id"]: row["above_id"] for row in rows if row["what"] == "unit"},
        city_posts={row["code"]: row["unit_id"] for row in rows if row["what"] == "city_post"},
        answering=_answering([row for row in rows if row["what"] == "answers"]),
        leaders=[
            Responsible(row["code"], row["unit_id"], _person_of(row)) for row in rows if row["what"] == "responsible"
        ],
        staff=staff or {},
        received_by={row["unit_id"]: row["above_id"] for row in rows if row["what"] == "received_by"},
    )


def administrators(session: Session, *, now: datetime) -> list[Person]:
    """Who is alerted when nobody can be told."""
    return _with_role(session, Role.ADMINISTRATOR, now=now)


def city_office_people(session: Session, *, now: datetime) -> list[Person]:
    """Who keeps the directory and sees to what units lack."""
    return _with_role(session, Role.CITY_OFFICE, now=now)


def _with_role(session: Session, role: Role, *, now: datetime) -> list[Person]:
    rows = session.scalars(
        select(Staff)
        .join(RoleAssignment, RoleAssignment.staff_id == Staff.id)
        .where(
            Staff.disabled_at.is_(None),
            RoleAssignment.role == role,
            RoleAssignment.valid_from <= now,
            (RoleAssignment.valid_to.is_(None)) | (RoleAssignment.valid_to > now),
        )
        .order_by(Staff.id)
    )
    return [_person(staff) for staff in dict.fromkeys(rows)]


def supervisors_of(session: Session, unit_ids: Collection[int], *, now: datetime) -> list[tuple[int, Person]]:
    """(unit, person) of whoever supervises each of these units now."""
    rows = session.execute(
        select(RoleAssignment.unit_id, Staff)
        .join(Staff, Staff.id == RoleAssignment.staff_id)
        .where(
            Staff.disabled_at.is_(None),
            RoleAssignment.role == Role.SUPERVISOR,
            RoleAssignment.unit_id.in_(unit_ids),
            RoleAssignment.valid_from <= now,
            (RoleAssignment.valid_to.is_(None)) | (RoleAssignment.valid_to > now),
        )
        .order_by(RoleAssignment.unit_id, Staff.id)
    )
    return [(unit_id, _person(staff)) for unit_id, staff in rows]


def _answering(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[int, str], list[Reachable]]:
    found = defaultdict[tuple[int, str], list[Reachable]](list)
    for row in sorted(rows, key=lambda row: (row["post_id"] or 0, row["staff_id"])):
        found[(row["unit_id"], row["code"])].append(
            Reachable(
                _person_of(row),
                row["post_id"],
                row["unit_id"],
                row["capacity"],
                row["post"],
                row["post_en"],
                row["instead_of"] or "",
            )
        )
    return dict(found)


def _people(session: Session, staff_ids: Collection[int], *, now: datetime) -> dict[int, Person]:
    """Whoever of these still works here: with an account, and with a role if they ever had one."""
    if not staff_ids:
        return {}
    had = select(RoleAssignment.id).where(RoleAssignment.staff_id == Staff.id)
    has = had.where((RoleAssignment.valid_to.is_(None)) | (RoleAssignment.valid_to > now))
    rows = session.scalars(
        select(Staff).where(Staff.id.in_(staff_ids), Staff.disabled_at.is_(None), ~had.exists() | has.exists())
    )
    return {staff.id: _person(staff) for staff in rows}


def _person_of(row: Mapping[str, Any]) -> Person:
    methods = tuple(
        ContactWay(OutboundChannel(kind), to, is_verified, is_chosen=True, from_hour=first, to_hour=end)
        for kind, to, is_verified, first, end in row["methods"] or ()
    )
    named = (row["staff_id"], row["name"], row["phone"], row["email"], row["locale"])
    return Person(*named, methods, is_leader=row["is_leader"])


def _person(staff: Staff) -> Person:
    return Person(staff.id, staff.name, staff.phone, staff.email, staff.locale)
