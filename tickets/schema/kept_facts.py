"""What an auditor relies on and the application may not change: triggers that refuse it, whoever asks (A6).

Rows that nobody changes at all are kept by the application's rights (`app/storage/database.py`); these here go on being
written for a while, and then only in one part.
"""

# A level that has fired: from then on only by when somebody should have been reached goes on, and that it was answered
# is marked as the acknowledgements say.
_OF_LEVEL = """
begin
    if tg_op = 'DELETE' then
        if exists (select from ticket where id = old.ticket_id) then
            raise insufficient_privilege using message = 'a level that has fired is a fact: it is not deleted';
        end if;
        return old;
    end if;
    if to_jsonb(new) - array['reach_by', 'is_answered']
        is distinct from to_jsonb(old) - array['reach_by', 'is_answered'] then
        raise insufficient_privilege using message = 'a level that has fired is a fact: it is not changed';
    end if;
    if new.is_answered <> old.is_answered
        and new.is_answered <> exists (select from acknowledgement where step_id = new.id) then
        raise insufficient_privilege using message = 'a level is answered by an acknowledgement: its mark only says so';
    end if;
    return new;
end
"""
# The dates a promise had before are added to, and the first breach is set once.
_OF_DATES = """
begin
    if old.first_breach_at is not null and new.first_breach_at is distinct from old.first_breach_at then
        raise insufficient_privilege using message = 'the first breach of a promise is a fact: it is not changed';
    end if;
    if old.history is distinct from coalesce((
        select jsonb_agg(past.value order by past.ordinality)
        from jsonb_array_elements(new.history) with ordinality past
        where past.ordinality <= jsonb_array_length(old.history)), '[]') then
        raise insufficient_privilege using message = 'the dates a promise had are facts: they are only added to';
    end if;
    return new;
end
"""
# A window that was decided about: only how far it has been given back goes on.
_OF_WINDOW = """
begin
    if tg_op = 'DELETE' then
        raise insufficient_privilege using message = 'time taken out of promises is a fact: it is not deleted';
    end if;
    if old.decided_at is not null and to_jsonb(new) - array['walked_to', 'is_last_walk', 'applied_at']
        is distinct from to_jsonb(old) - array['walked_to', 'is_last_walk', 'applied_at'] then
        raise insufficient_privilege using message = 'time taken out of promises was decided: it is not changed';
    end if;
    return new;
end
"""
# What became of an instruction is written once: answered, broken, ended.
_OF_INSTRUCTION = """
begin
    if old.answered_at is not null and (new.answered_at, new.answered_by_id, new.answer)
            is distinct from (old.answered_at, old.answered_by_id, old.answer)
        or old.broken_at is not null and new.broken_at is distinct from old.broken_at
        or old.ended_at is not null and new.ended_at is distinct from old.ended_at then
        raise insufficient_privilege using message = 'what became of an instruction is a fact: it is not changed';
    end if;
    return new;
end
"""
# What became of asking a colleague is written once: given back, not answered in time, ended.
_OF_DELEGATION = """
begin
    if old.declined_at is not null and new.declined_at is distinct from old.declined_at
        or old.broken_at is not null and new.broken_at is distinct from old.broken_at
        or old.ended_at is not null and new.ended_at is distinct from old.ended_at then
        raise insufficient_privilege using message = 'what became of asking a colleague is a fact: it is not changed';
    end if;
    return new;
end
"""
# Whom a policy applied to is published once; later only that it has ended, and when.
_OF_POLICY_VERSION = """
begin
    if old.retired_at is not null or to_jsonb(new) - 'retired_at' is distinct from to_jsonb(old) - 'retired_at' then
        raise insufficient_privilege using message = 'what was promised is a fact: a published version is not changed';
    end if;
    return new;
end
"""
# That somebody has read what they were told is written once.
_OF_READING = """
begin
    raise insufficient_privilege using message = 'that a report was read, and when, is a fact: it is not changed';
end
"""
# By the trigger's name, which its function has too: what the function does, on which table it stands and when.
KEEPS_FACTS = {
    "level_stays": (
        _OF_LEVEL,
        "planned_step",
        "before update or delete on planned_step for each row when (old.fired_at is not null)",
    ),
    "instruction_stays": (
        _OF_INSTRUCTION,
        "instruction",
        "before update on instruction for each row",
    ),
    "delegation_stays": (
        _OF_DELEGATION,
        "delegation",
        "before update on delegation for each row",
    ),
    "policy_version_stays": (
        _OF_POLICY_VERSION,
        "policy_version",
        "before update on policy_version for each row",
    ),
    "reading_stays": (
        _OF_READING,
        "step_recipient",
        "before update of read_at on step_recipient for each row"
        " when (old.read_at is not null and new.read_at is distinct from old.read_at)",
    ),
    "window_stays": (
        _OF_WINDOW,
        "exclusion_window",
        "before update or delete on exclusion_window for each row",
    ),
    "dates_stay": (
        _OF_DATES,
        "clock",
        "before update on clock for each row"
        " when (old.history is distinct from new.history or old.first_breach_at is distinct from new.first_breach_at)",
    ),
}
