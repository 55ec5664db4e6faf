"""Attempts to tell people of levels: one row for each, and for every change of its state; the database writes them.

Triggers stand behind the messages, the reading and the answering, so that whoever moves one of these, now or later,
cannot forget the fact; each row has its entry in the audit trail, in the same transaction (A3, A6).
"""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, coded, to
from tickets.states import AttemptState, OutboundChannel, Priority


class ReachTime(Base):
    """How many seconds a person is given to be reached about a level before the next is tried, by priority (A3).

    Within them a telephone that nobody answered rings again after a pause, until it has rung so many times.
    """

    __tablename__ = "reach_time"

    priority: Mapped[Priority] = mapped_column(coded(Priority), primary_key=True)
    seconds: Mapped[int]
    most_calls: Mapped[int] = mapped_column(server_default=text("3"))
    call_pause_seconds: Mapped[int] = mapped_column(server_default=text("60"))


class EscalationAttempt(Base):
    """That an attempt came to this state at this instant; the application may add and read, never change.

    `outbound_id` is the message, whose rows make one attempt; without one somebody read or answered on a page, by a
    code or by a key. `not_before` is from when on a planned one may leave, `why` the reason of what was not delivered.
    """

    __tablename__ = "escalation_attempt"
    __table_args__ = (
        Index("ix_escalation_attempt_step_id", "step_id", "staff_id"),
        Index("ix_escalation_attempt_outbound_id", "outbound_id"),
    )

    id: Mapped[Id]
    step_id: Mapped[int] = mapped_column(to("planned_step", cascade=True))
    staff_id: Mapped[int] = mapped_column(to("staff"))
    outbound_id: Mapped[int | None]
    method: Mapped[OutboundChannel] = mapped_column(coded(OutboundChannel))
    state: Mapped[AttemptState] = mapped_column(coded(AttemptState))
    why: Mapped[str]
    at: Mapped[datetime]
    not_before: Mapped[datetime | None]


_WRITTEN = """
    insert into audit_entry (at, actor_kind, action, subject_kind, subject_id, ticket_id, request_id, params)
    select a.at, 'system', 'escalation.attempted', 'escalation_attempt', a.id, s.ticket_id, '', jsonb_build_object(
        'step_id', a.step_id, 'staff_id', a.staff_id, 'channel', a.method, 'attempt', a.state, 'reason', a.why)
    from written a join planned_step s on s.id = a.step_id
"""
# Of a message that changes: a list carries those that were gathered into it, and the Chair's list its levels.
_OF_MESSAGE = """
declare
    stands text := case when new.error_code = 'withdrawn' then 'withdrawn'
        when new.state in ('waiting', 'claimed') then 'planned'
        when new.state in ('sent', 'uncertain') then 'sent' else new.state end;
    stood text := case when old.gathered_into_id is not null then 'planned'
        when old.error_code = 'withdrawn' then 'withdrawn'
        when old.state in ('waiting', 'claimed') then 'planned'
        when old.state in ('sent', 'uncertain') then 'sent' else old.state end;
    reason text := case when stands = 'withdrawn' then new.error
        when stands in ('planned', 'failed', 'suppressed') or new.state = 'uncertain' then new.error_code else '' end;
    since timestamptz := case stands
        when 'sent' then greatest(new.sent_at, new.not_before) when 'delivered' then new.delivered_at
        else new.settled_at end;
begin
    if new.read_at is not null and old.read_at is null then
        stands := 'read'; stood := ''; reason := ''; since := new.read_at;
    end if;
    if new.gathered_into_id is not null and old.gathered_into_id is null then
        -- It goes on as a line of a list, whose own way is written for each of its lines.
        stands := 'planned'; reason := new.error_code;
    elsif stands = 'planned' and new.not_before > old.not_before and new.error_code = 'over_limit' then
        since := clock_timestamp();
    elsif stands = stood or new.gathered_into_id is not null then
        return null;
    end if;
    with levels as (
        select (new.params ->> 'step_id')::bigint as step_id, new.staff_id, new.id as outbound_id, new.ticket_id
        where new.template = 'escalation_level'
        union all
        select line.value::bigint, new.staff_id, new.id, null
        from jsonb_array_elements_text(new.params -> 'step_ids') line where new.template = 'daily_list'
        union all
        select (m.params ->> 'step_id')::bigint, m.staff_id, m.id, m.ticket_id from outbound_message m
        where new.template = 'gathered' and m.gathered_into_id = new.id and m.template = 'escalation_level'
    ), written as (
        insert into escalation_attempt (step_id, staff_id, outbound_id, method, state, why, at, not_before)
        select l.step_id, l.staff_id, l.outbound_id, new.channel, stands, reason, coalesce(since, clock_timestamp()),
            case when stands = 'planned' then new.not_before end
        from levels l join planned_step s on s.id = l.step_id and s.ticket_id = coalesce(l.ticket_id, s.ticket_id)
        where l.staff_id is not null returning *
    ), sooner as (
        -- What will not arrive, or came back, is not waited for: but who is being tried after it is.
        update planned_step set reach_by = least(reach_by, coalesce(since, clock_timestamp()))
        where (stands in ('failed', 'suppressed') or stands = 'planned' and stood = 'sent') and new.channel <> 'screen'
          and id in (
            select s.id from planned_step s join levels l on l.step_id = s.id
            where s.reach_by is not null and not exists (
                select from escalation_attempt later where later.step_id = s.id and later.method <> 'screen'
                  and later.outbound_id > l.outbound_id)
            for no key update of s skip locked)
    )
    -- with its entry;
    return null;
end
"""
# Of all messages that one statement writes: for each by itself it was half of what firing a level cost.
_OF_NEW_MESSAGES = """
begin
    if not exists (select from added where template in ('escalation_level', 'daily_list')) then
        return null;
    end if;
    with news as (
        select a.*, case when a.error_code = 'withdrawn' then 'withdrawn'
                when a.state in ('waiting', 'claimed') then 'planned'
                when a.state in ('sent', 'uncertain') then 'sent' else a.state end as stands
        from added a
        where a.template in ('escalation_level', 'daily_list') and a.staff_id is not null and a.gathered_into_id is null
    ), levels as (
        select (n.params ->> 'step_id')::bigint as step_id, n.ticket_id, n.id as outbound_id from news n
        where n.template = 'escalation_level'
        union all
        select line.value::bigint, null, n.id from news n, jsonb_array_elements_text(n.params -> 'step_ids') line
        where n.template = 'daily_list'
    ), written as (
        insert into escalation_attempt (step_id, staff_id, outbound_id, method, state, why, at, not_before)
        select l.step_id, n.staff_id, n.id, n.channel, n.stands,
            case when n.stands = 'withdrawn' then n.error
                when n.stands in ('planned', 'failed', 'suppressed') or n.state = 'uncertain' then n.error_code
                else '' end,
            n.created_at, case when n.stands = 'planned' then n.not_before end
        from levels l join news n on n.id = l.outbound_id
        join planned_step s on s.id = l.step_id and s.ticket_id = coalesce(l.ticket_id, s.ticket_id)
        order by n.id, l.step_id returning *
    ), in_vain as (
        -- What will not arrive is not waited for: but who is being tried after it is.
        select s.id, n.created_at from planned_step s join levels l on l.step_id = s.id
        join news n on n.id = l.outbound_id
        where n.stands in ('failed', 'suppressed') and n.channel <> 'screen' and s.reach_by is not null
          and not exists (
            select from escalation_attempt later where later.step_id = s.id and later.method <> 'screen'
              and later.outbound_id > l.outbound_id)
        for no key update of s skip locked
    ), sooner as (
        update planned_step s set reach_by = least(s.reach_by, v.at)
        from (select id, min(created_at) as at from in_vain group by id) v where s.id = v.id
    )
    -- with its entry;
    return null;
end
"""
_OF_READING = """
begin
    with written as (
        insert into escalation_attempt (step_id, staff_id, method, state, why, at)
        values (new.step_id, new.staff_id, 'screen', 'read', '', new.read_at) returning *
    )
    -- with its entry;
    return null;
end
"""
_OF_ANSWER = """
begin
    with written as (
        insert into escalation_attempt (step_id, staff_id, method, state, why, at)
        select new.step_id, new.staff_id,
            case new.via when 'sms' then 'sms' when 'keypad' then 'voice' else 'screen' end,
            'acknowledged', '', new.at
        where not exists (select from escalation_attempt where step_id = new.step_id and state = 'acknowledged')
        returning *
    )
    -- with its entry;
    return null;
end
"""


def _with_entry(body: str) -> str:
    return body.replace("    -- with its entry;", f"    {_WRITTEN.strip()};")


# By the trigger's name, which its function has too: what the function does, on which table it stands and when.
WRITES_ATTEMPTS = {
    "attempt_of_message": (
        _with_entry(_OF_MESSAGE),
        "outbound_message",
        "after update on outbound_message for each row"
        " when (new.template in ('escalation_level', 'daily_list', 'gathered'))",
    ),
    "attempts_of_messages": (
        _with_entry(_OF_NEW_MESSAGES),
        "outbound_message",
        "after insert on outbound_message referencing new table as added for each statement",
    ),
    "attempt_of_reading": (
        _with_entry(_OF_READING),
        "step_recipient",
        "after update of read_at on step_recipient for each row when (new.read_at is not null and old.read_at is null)",
    ),
    "attempt_of_answer": (_with_entry(_OF_ANSWER), "acknowledgement", "after insert on acknowledgement for each row"),
}
