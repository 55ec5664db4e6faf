"""The words for the details of an entry of the audit trail: what each is called, and what its value says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from flask_babel import LazyString, gettext, lazy_gettext, lazy_pgettext

from app.wording import codes, contact_codes
from app.wording.account_field_words import ACCOUNT_FIELDS
from app.wording.catalogue_words import STAGE_WORDS
from app.wording.codes import word_of
from app.wording.field_words import FIELD_WORDS
from app.wording.locale import chosen_locale
from app.wording.posted_words import FAILURES, OUTBOUND_TEMPLATES, failure_word
from app.wording.raised_words import ANSWER_WAYS, CAUSES
from app.wording.rule_names import rule_name
from app.wording.sending_words import BUDGET_SCOPES, SENDING_KINDS
from app.wording.spoken_time import exact_phrase
from app.wording.system_words import SCOPE_WORDS
from tickets.directory.going_live import AT_THE_BEGINNING
from tickets.promises.trial import TRIAL_ITSELF
from tickets.work.assignment import BY_LEVEL, BY_READING
from tickets.work.protocol import BY_PROTOCOL

# Details of an entry by their kept names; a test looks for what has no words here.
AUDIT_DETAILS: Mapping[str, LazyString] = {
    "account": lazy_pgettext("audit detail", "account"),
    "account_fields": lazy_pgettext("audit detail", "what was changed"),
    "account_kind": lazy_pgettext("audit detail", "kind of account"),
    "added": lazy_pgettext("audit detail", "added"),
    "country": lazy_pgettext("audit detail", "country"),
    "attempt": lazy_pgettext("audit detail", "how far it came"),
    "breached_at": lazy_pgettext("audit detail", "broken on"),
    "call_id": lazy_pgettext("audit detail", "call no."),
    "category": lazy_pgettext("audit detail", "category"),
    "cause": lazy_pgettext("audit detail", "cause"),
    "changed": lazy_pgettext("audit detail", "changed"),
    "channel": lazy_pgettext("audit detail", "channel"),
    "checked": lazy_pgettext("audit detail", "entries checked"),
    "clock": lazy_pgettext("audit detail", "promise"),
    "closed": lazy_pgettext("audit detail", "closed"),
    "contact_id": lazy_pgettext("audit detail", "contact no."),
    "code": lazy_pgettext("audit detail", "reason"),
    "count": lazy_pgettext("audit detail", "number"),
    "dates_moved": lazy_pgettext("audit detail", "dates moved"),
    "document_no": lazy_pgettext("audit detail", "document no."),
    "stage": lazy_pgettext("audit detail", "stage"),
    "days": lazy_pgettext("audit detail", "days"),
    "month": lazy_pgettext("audit detail", "month from"),
    "disposition": lazy_pgettext("audit detail", "outcome"),
    "cycle": lazy_pgettext("audit detail", "round"),
    "database_at": lazy_pgettext("audit detail", "by the database's clock"),
    "dossier": lazy_pgettext("audit detail", "dossier"),
    "due_at": lazy_pgettext("audit detail", "promised by"),
    "duplicate": lazy_pgettext("audit detail", "duplicate"),
    "error_code": lazy_pgettext("audit detail", "carrier's code"),
    "external_reference": lazy_pgettext("audit detail", "number in another system"),
    "field": lazy_pgettext("audit detail", "field"),
    "fingerprint": lazy_pgettext("audit detail", "fingerprint"),
    "for": lazy_pgettext("audit detail", "waits for"),
    "from": lazy_pgettext("audit detail", "from"),
    "from_at": lazy_pgettext("audit detail", "from"),
    "from_queue_id": lazy_pgettext("audit detail", "from queue no."),
    "from_staff_id": lazy_pgettext("audit detail", "from person"),
    "from_unit_id": lazy_pgettext("audit detail", "from unit no."),
    "intact": lazy_pgettext("audit detail", "intact"),
    "is_disputed": lazy_pgettext("audit detail", "disputed"),
    "is_disaster": lazy_pgettext("audit detail", "disaster"),
    "is_new": lazy_pgettext("audit detail", "new person"),
    "joined": lazy_pgettext("audit detail", "goes on in"),
    "kinds": lazy_pgettext("audit detail", "kinds"),
    "letters": lazy_pgettext("audit detail", "messages"),
    "level": lazy_pgettext("audit detail", "level"),
    "master": lazy_pgettext("audit detail", "master"),
    "missing": lazy_pgettext("audit detail", "part of the way not reached"),
    "name": lazy_pgettext("audit detail", "name"),
    "new_due_at": lazy_pgettext("audit detail", "new date"),
    "outcome": lazy_pgettext("audit detail", "outcome"),
    "overdue": lazy_pgettext("audit detail", "overdue at once"),
    "offices": lazy_pgettext("audit detail", "offices"),
    "people": lazy_pgettext("audit detail", "people"),
    "place": lazy_pgettext("audit detail", "place"),
    "planned_at": lazy_pgettext("audit detail", "planned for"),
    "policies": lazy_pgettext("audit detail", "promises"),
    "priority": lazy_pgettext("audit detail", "priority"),
    "prompt": lazy_pgettext("audit detail", "words for callers"),
    "language": lazy_pgettext("audit detail", "language"),
    "queue_id": lazy_pgettext("audit detail", "queue no."),
    "rank": lazy_pgettext("audit detail", "level or per cent"),
    "rating": lazy_pgettext("audit detail", "rating"),
    "due": lazy_pgettext("audit detail", "due"),
    "most_messages": lazy_pgettext("audit detail", "messages at most"),
    "most_calls": lazy_pgettext("audit detail", "calls at most"),
    "call_pause": lazy_pgettext("audit detail", "seconds between calls"),
    "reached_within": lazy_pgettext("audit detail", "seconds to reach somebody"),
    "reason": lazy_pgettext("audit detail", "reason"),
    "result": lazy_pgettext("audit detail", "result"),
    "role": lazy_pgettext("audit detail", "role"),
    "scopes": lazy_pgettext("audit detail", "rights"),
    "second_factor": lazy_pgettext("audit detail", "with a second factor"),
    "seconds": lazy_pgettext("audit detail", "seconds"),
    "since": lazy_pgettext("audit detail", "since"),
    "staff_id": lazy_pgettext("audit detail", "person"),
    "state": lazy_pgettext("audit detail", "state"),
    "step_id": lazy_pgettext("audit detail", "step no."),
    "system": lazy_pgettext("audit detail", "system"),
    "telephone_kind": lazy_pgettext("audit detail", "telephone"),
    "template": lazy_pgettext("audit detail", "message"),
    "tickets": lazy_pgettext("audit detail", "tickets"),
    "to": lazy_pgettext("audit detail", "to"),
    "to_at": lazy_pgettext("audit detail", "to"),
    "to_queue_id": lazy_pgettext("audit detail", "to queue no."),
    "to_staff_id": lazy_pgettext("audit detail", "to person"),
    "to_unit_id": lazy_pgettext("audit detail", "to unit no."),
    "told": lazy_pgettext("audit detail", "people told"),
    "unchanged": lazy_pgettext("audit detail", "unchanged"),
    "unit": lazy_pgettext("audit detail", "unit"),
    "unit_id": lazy_pgettext("audit detail", "unit no."),
    "units": lazy_pgettext("audit detail", "units"),
    "until": lazy_pgettext("audit detail", "until"),
    "version": lazy_pgettext("audit detail", "version"),
    "window": lazy_pgettext("audit detail", "maintenance or outage no."),
    "via": lazy_pgettext("audit detail", "by way of"),
    "deputy_id": lazy_pgettext("audit detail", "deputy"),
    "ends_at": lazy_pgettext("audit detail", "ends"),
    "starts_at": lazy_pgettext("audit detail", "begins"),
    "post": lazy_pgettext("audit detail", "post"),
    "most": lazy_pgettext("audit detail", "at most"),
    "decision": lazy_pgettext("audit detail", "decision"),
    "decision_no": lazy_pgettext("audit detail", "decision no."),
    "capacity": lazy_pgettext("audit detail", "as"),
    "instead_of": lazy_pgettext("audit detail", "in place of"),
    "expected_at": lazy_pgettext("audit detail", "to be expected by"),
    "is_allowed": lazy_pgettext("audit detail", "allowed"),
    "most_an_hour": lazy_pgettext("audit detail", "at most in an hour"),
    "note": lazy_pgettext("audit detail", "note"),
    "prefix": lazy_pgettext("audit detail", "prefix"),
    "sending": lazy_pgettext("audit detail", "what is sent"),
    "whom": lazy_pgettext("audit detail", "to whom"),
    "is_rule": lazy_pgettext("audit detail", "also a rule"),
}
# What makes a promise be counted anew, beside what raises a level.
COUNTED_ANEW: Mapping[str, LazyString] = {
    "transfer": lazy_gettext("handed over"),
    "misroute": lazy_gettext("handed over, as it was routed wrongly"),
    "return": lazy_gettext("returned to where it came from"),
    "category": lazy_gettext("another category"),
    "priority": lazy_gettext("another priority"),
    "place": lazy_gettext("another place"),
}
CALLBACK_OUTCOMES: Mapping[str, LazyString] = {
    "reached": lazy_gettext("reached"),
    "not_reached": lazy_gettext("not reached"),
    "not_needed": lazy_gettext("no longer needed"),
}
# What a citizen's later words were read as.
READ_ANEW: Mapping[str, LazyString] = {
    "emergency_words": lazy_gettext("danger to life"),
    "officials_suspected": lazy_gettext("an accusation of officials"),
    "officials_accused": lazy_gettext("an accusation of officials"),
}
PROTOCOL_KINDS: Mapping[str, LazyString] = {
    "threat": lazy_gettext("threat"),
    "suicide": lazy_gettext("thoughts of suicide"),
    "violence": lazy_gettext("violence"),
    "child": lazy_gettext("child in danger"),
}
# Reasons that nobody typed.
OWN_REASONS: Mapping[str, LazyString] = {
    BY_PROTOCOL: lazy_gettext("a protocol card was opened"),
    BY_READING: lazy_gettext("somebody has read it"),
    BY_LEVEL: lazy_gettext("a level of its chain was reached"),
    TRIAL_ITSELF: lazy_gettext("holds for the hourly trial alone"),
    AT_THE_BEGINNING: lazy_gettext("a city that begins"),
}
REFERENCE_KINDS: Mapping[str, LazyString] = {
    "units": lazy_gettext("units"),
    "lines": lazy_gettext("phone lines"),
    "queues": lazy_gettext("queues"),
    "posts": lazy_gettext("posts"),
    "procedures": lazy_gettext("procedures"),
    "categories": lazy_gettext("categories"),
    "calendars": lazy_gettext("calendars"),
    "holidays": lazy_gettext("holidays"),
    "policies": lazy_gettext("promises"),
}
# Details that name people by their numbers.
_PEOPLE = frozenset({"staff_id", "from_staff_id", "to_staff_id", "deputy_id", "instead_of", "told"})
# Details that may name a chain or a promise.
_OF_RULES = frozenset({"name", "policies"})
# The codes that a detail may hold; what is none of them is somebody's own words, a name or a number.
CODES_OF: Mapping[str, tuple[Mapping[Any, LazyString], ...]] = {
    "from": (codes.STATUSES, codes.PRIORITIES),
    "to": (codes.STATUSES, codes.PRIORITIES),
    "for": (codes.STATUSES,),
    "channel": (codes.CHANNELS, contact_codes.OUTBOUND_CHANNELS, {"all": lazy_gettext("all")}),
    "clock": (codes.CLOCK_KINDS,),
    "disposition": (codes.DISPOSITIONS,),
    "priority": (codes.PRIORITIES,),
    "result": (codes.STEP_RESULTS,),
    "role": (codes.ROLES,),
    "telephone_kind": (codes.TELEPHONE_KINDS,),
    "cause": (CAUSES, COUNTED_ANEW),
    "template": (OUTBOUND_TEMPLATES,),
    "state": (contact_codes.OUTBOUND_STATES,),
    "attempt": (contact_codes.ATTEMPT_STATES,),
    "outcome": (contact_codes.OFFER_OUTCOMES, CALLBACK_OUTCOMES),
    "kinds": (REFERENCE_KINDS,),
    "scopes": (SCOPE_WORDS,),
    "via": (ANSWER_WAYS,),
    "account_fields": (ACCOUNT_FIELDS,),
    "field": (AUDIT_DETAILS, FIELD_WORDS),
    "capacity": (contact_codes.CAPACITY_WORDS,),
    "reason": (FAILURES, contact_codes.OVERTAKEN, OWN_REASONS),
    "code": (READ_ANEW, PROTOCOL_KINDS),
    "decision": (codes.APPEAL_OUTCOMES,),
    "stage": (STAGE_WORDS,),
    "sending": (SENDING_KINDS,),
    "whom": (BUDGET_SCOPES,),
}


def detail_name(name: str) -> str:
    return word_of(AUDIT_DETAILS, name)


def detail_words(name: str, value: object) -> str:
    """A detail of an entry: yes and no, instants in the city's time, codes in words; texts and numbers as they are."""
    match value:
        case None | "" | [] | {}:
            return "–"
        case bool():
            return gettext("yes") if value else gettext("no")
        case list():
            return ", ".join(detail_words(name, one) for one in value)
        case dict():
            return ", ".join(_part(name, str(key), one) for key, one in value.items())
        case _:
            return _said(name, str(value))


def _part(name: str, key: str, value: object) -> str:
    """One of a detail's several parts: of the dates of promises, which promise and when."""
    if name == "due":
        return f"{_said('clock', key)}: {detail_words('due_at', value)}"
    return f"{detail_name(key)}: {detail_words(key, value)}"


def people_in(params: Mapping[str, Any]) -> Iterator[int]:
    """Whom the details of an entry name, by their numbers."""
    for name in _PEOPLE & params.keys():
        value = params[name]
        yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, int))


def shown_details(
    params: Mapping[str, Any], categories: Mapping[str, str], people: Mapping[int, str]
) -> Iterator[tuple[str, str]]:
    """The details of an entry as a reader wants them: names in one language, a category and people by their names.

    `categories` are the names by code, in the reader's language; `people` by number, which stands beside the name
    because two may be called the same.
    """
    is_category = params.get("field") == "category"
    for name, value in params.items():
        if name == "unit_en":
            continue
        if name == "unit" and chosen_locale() == "en" and params.get("unit_en"):
            yield detail_name(name), str(params["unit_en"])
        elif name in _PEOPLE and value:
            yield (
                detail_name(name),
                ", ".join(_person(one, people) for one in (value if isinstance(value, list) else [value])),
            )
        elif name == "category" or (is_category and name in ("from", "to")):
            yield detail_name(name), categories.get(str(value), detail_words(name, value))
        else:
            yield detail_name(name), detail_words(name, value)


def _person(number: object, people: Mapping[int, str]) -> str:
    known = people.get(number) if isinstance(number, int) else None
    return f"{known} ({number})" if known else str(number)


def _said(name: str, value: str) -> str:
    for table in CODES_OF.get(name, ()):
        if value in table:
            return word_of(table, value)
    if name == "error_code":
        return failure_word(value)
    if name in _OF_RULES:
        return rule_name(value)
    return _instant(value) if name.endswith("_at") or name in ("until", "since") else value


def _instant(said: str) -> str:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return said
    return exact_phrase(at) if at.tzinfo is not None else said
