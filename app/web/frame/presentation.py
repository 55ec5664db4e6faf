"""What every template may call: words for codes, times as people say them, grouped numbers, static addresses."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask

from app.web.frame.assets import asset
from app.web.frame.drawn_options import with_chosen
from app.wording import (
    codes,
    contact_codes,
    field_words,
    guidance_words,
    looks,
    posted_words,
    problem_words,
    reading_words,
    rule_names,
    spoken_numbers,
    spoken_time,
    system_words,
    trail_words,
)
from app.wording.emergency_words import numbers_to_call
from app.wording.locale import own_name_of
from app.wording.reference_groups import grouped_reference
from tickets.people.phones import mask, readable_phone
from tickets.queries.list_counts import COUNTED_UP_TO

WORD_FUNCTIONS = (
    codes.status_word, codes.priority_word, codes.channel_word, codes.clock_word, codes.clock_state_word,
    codes.appeal_outcome_word,
    codes.disposition_word, codes.role_word, codes.unit_kind_word, codes.step_result_word, codes.timeline_word,
    codes.queue_kind_word, codes.competence_word, codes.actor_word, codes.level_word, codes.matter_words,
    codes.draft_word,
    contact_codes.presence_word, contact_codes.outbound_channel_word, contact_codes.outbound_word,
    contact_codes.attempt_word, contact_codes.capacity_word, field_words.field_word,
    guidance_words.guidance_word, problem_words.problem_word,
    contact_codes.call_state_word, contact_codes.offer_word, contact_codes.callback_word,
    contact_codes.noise_word, contact_codes.callback_reason_word,
    rule_names.rule_name, rule_names.rule_names,
    reading_words.read_field_word, contact_codes.recording_kind_word, contact_codes.recording_state_word,
    trail_words.action_word, trail_words.subject_word, posted_words.template_word, posted_words.failure_word,
    posted_words.not_delivered_word, system_words.webhook_word, system_words.process_word, system_words.scope_word,
)  # fmt: skip


def register_presentation(app: Flask) -> None:
    """Make the words, times and shapes known to Jinja. Called once by the factory."""
    app.jinja_env.globals.update({function.__name__: function for function in WORD_FUNCTIONS})
    app.jinja_env.globals.update(
        asset=asset,
        own_name_of=own_name_of,
        numbers_to_call=numbers_to_call,
        tone_of=looks.tone_of,
        sign_of=looks.sign_of,
        timeline_sign=looks.timeline_sign,
        due_phrase=spoken_time.due_phrase,
        due_state=spoken_time.due_state,
        ago_phrase=spoken_time.ago_phrase,
        moment_phrase=spoken_time.moment_phrase,
        ticking_phrases=spoken_time.ticking_phrases,
        span_phrase=spoken_time.span_phrase,
    )
    app.jinja_env.filters.update(
        duration=spoken_time.duration_phrase,
        stopwatch=spoken_time.stopwatch_phrase,
        day=spoken_time.day_phrase,
        last_day=spoken_time.last_day_phrase,
        calendar_day=spoken_time.calendar_day_phrase,
        weekday=spoken_time.weekday_phrase,
        month=spoken_time.month_phrase,
        number=spoken_numbers.number_phrase,
        percentage=spoken_numbers.percent_phrase,
        exact=spoken_time.exact_phrase,
        iso=iso,
        reference=grouped_reference,
        phone=readable_phone,
        initials=initials,
        counted=counted,
        with_chosen=with_chosen,
        masked=mask,
    )


def counted(number: int) -> str:
    """A number that was counted up to a limit: `99+` says that there are more."""
    return str(number) if number <= COUNTED_UP_TO else f"{COUNTED_UP_TO}+"


def iso(at: datetime) -> str:
    """The machine-readable instant of a <time> element, always in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def initials(name: str) -> str:
    """The letters of an avatar: first and last word of the name, "Nguyễn Thị Lan" → "NL"."""
    parts = name.split()
    if not parts:
        return "?"
    return (parts[0][:1] + (parts[-1][:1] if len(parts) > 1 else "")).upper()
