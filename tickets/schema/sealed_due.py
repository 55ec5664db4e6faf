"""The date by which something was promised, as it was first and after every move: entries that the chain seals (A6).

Those with which a ticket begins stand in its `ticket.opened`; triggers write the others, so that whoever moves a date,
now or later, cannot forget it, and a date that was edited past the product differs from the last entry.
"""

_ENTRY = """
begin
    insert into audit_entry (at, actor_kind, action, subject_kind, subject_id, ticket_id, request_id, params)
    values (clock_timestamp(), 'system', 'promise.due', 'clock', new.id, new.ticket_id, '', jsonb_build_object(
        'clock', new.kind, 'cycle', new.cycle, 'due_at', new.due_at));
    return null;
end
"""
# By the trigger's name, which its function has too: what the function does, on which table it stands and when.
SEALS_DUES = {
    "due_of_later_clock": (
        _ENTRY,
        "clock",
        "after insert on clock for each row"
        " when (new.due_at is not null and (new.cycle > 1 or new.kind not in ('accept', 'first', 'resolve')))",
    ),
    "due_moved": (
        _ENTRY,
        "clock",
        "after update of due_at on clock for each row"
        " when (new.due_at is not null and new.due_at is distinct from old.due_at)",
    ),
}
