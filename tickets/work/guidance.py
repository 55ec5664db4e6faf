"""Guidance: drafted, submitted, approved by a leader, issued, withdrawn; each step by whoever may, and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.city import day_of
from tickets.directory.responsibilities import LONGEST_DECISION
from tickets.errors import InvalidInput, NotAllowed, NotFound
from tickets.folding import folded_words
from tickets.people.actor import Actor
from tickets.people.roles import Viewer
from tickets.routing.guidance import phrases_of
from tickets.schema import Guidance, GuidanceUse, Staff
from tickets.states import GuidanceState, GuidanceUseKind, Role
from tickets.typed_text import clean_text
from tickets.work.incidents import may_steer

LONGEST_QUESTION, LONGEST_ANSWER, LONGEST_SPOKEN, LONGEST_WORDS, LONGEST_REASON = 200, 1200, 240, 600, 500
# With fewer letters a phrase stands in every second text.
_SHORTEST_PHRASE = 3
# From which state each step leads on.
_STEPS: Mapping[str, tuple[GuidanceState, ...]] = {
    "changed": (GuidanceState.DRAFTED,),
    "submitted": (GuidanceState.DRAFTED,),
    "returned": (GuidanceState.SUBMITTED,),
    "approved": (GuidanceState.SUBMITTED,),
    "issued": (GuidanceState.APPROVED,),
    "withdrawn": (GuidanceState.DRAFTED, GuidanceState.SUBMITTED, GuidanceState.APPROVED, GuidanceState.ISSUED),
}


@dataclass(frozen=True, slots=True)
class WantedGuidance:
    """What somebody drafts; `unit_ids` empty: the whole city."""

    question_vi: str
    question_en: str
    answer_vi: str
    answer_en: str
    spoken_vi: str = ""
    spoken_en: str = ""
    unit_ids: Sequence[int] = ()
    category_id: int | None = None
    procedure_id: int | None = None
    words: str = ""


def may_decide(viewer: Viewer, unit_ids: Sequence[int]) -> bool:
    """A leader of the city, or of all units of the area: they alone approve."""
    if viewer.covers_city(Role.LEADER):
        return True
    return bool(unit_ids) and set(unit_ids) <= set(viewer.unit_ids(Role.LEADER))


def draft(session: Session, wanted: WantedGuidance, *, viewer: Viewer, actor: Actor, now: datetime) -> Guidance:
    """Raises InvalidInput, and for an area that is not this person's as well."""
    columns = _columns(wanted, viewer)
    one = Guidance(state=GuidanceState.DRAFTED, drafted_by_id=viewer.staff_id, drafted_at=now, **columns)
    session.add(one)
    session.flush()
    _record(session, "guidance.drafted", one, actor=actor, now=now)
    return one


def change(
    session: Session, guidance_id: int, wanted: WantedGuidance, *, viewer: Viewer, actor: Actor, now: datetime
) -> None:
    """Only while it is a draft: what a leader reads, and what they have signed, stays as it is."""
    one = _in_step(session, guidance_id, "changed", viewer=viewer)
    for name, value in _columns(wanted, viewer).items():
        setattr(one, name, value)
    session.flush()
    _record(session, "guidance.changed", one, actor=actor, now=now)


def submit(session: Session, guidance_id: int, *, viewer: Viewer, actor: Actor, now: datetime) -> None:
    one = _in_step(session, guidance_id, "submitted", viewer=viewer)
    one.state, one.submitted_by_id, one.submitted_at = GuidanceState.SUBMITTED, viewer.staff_id, now
    session.flush()
    _record(session, "guidance.submitted", one, actor=actor, now=now)


def give_back(session: Session, guidance_id: int, *, reason: str, viewer: Viewer, actor: Actor, now: datetime) -> None:
    """A leader wants it worded otherwise; it is a draft again, with their words."""
    one = _in_step(session, guidance_id, "returned", viewer=viewer, decides=True)
    one.return_reason = _required("reason", reason, LONGEST_REASON)
    one.state = GuidanceState.DRAFTED
    session.flush()
    _record(session, "guidance.returned", one, actor=actor, now=now)


def approve(
    session: Session,
    guidance_id: int,
    *,
    decision_no: str,
    decided_on: date | None,
    viewer: Viewer,
    actor: Actor,
    now: datetime,
) -> None:
    """A leader answers for it with name, number and date. Raises InvalidInput, NotAllowed for one's own draft."""
    one = _in_step(session, guidance_id, "approved", viewer=viewer, decides=True)
    if viewer.staff_id in (one.drafted_by_id, one.submitted_by_id):
        raise InvalidInput("decision_no", "own_guidance")
    one.decision_no = _required("decision_no", decision_no, LONGEST_DECISION)
    if decided_on is None:
        raise InvalidInput("decided_on", "not_a_date")
    if decided_on > day_of(now):
        raise InvalidInput("decided_on", "in_the_future")
    one.decided_on, one.signed_by = decided_on, session.get_one(Staff, viewer.staff_id).name
    one.state, one.approved_by_id, one.approved_at = GuidanceState.APPROVED, viewer.staff_id, now
    session.flush()
    _record(session, "guidance.approved", one, actor=actor, now=now)


def issue(session: Session, guidance_id: int, *, viewer: Viewer, actor: Actor, now: datetime) -> None:
    """From now on it is shown, said and sent."""
    one = _in_step(session, guidance_id, "issued", viewer=viewer)
    one.state, one.issued_by_id, one.issued_at = GuidanceState.ISSUED, viewer.staff_id, now
    session.flush()
    _record(session, "guidance.issued", one, actor=actor, now=now)


def withdraw(session: Session, guidance_id: int, *, reason: str, viewer: Viewer, actor: Actor, now: datetime) -> None:
    """It is answered by no more; what it has answered stays answered."""
    one = _in_step(session, guidance_id, "withdrawn", viewer=viewer)
    one.withdrawal_reason = _required("reason", reason, LONGEST_REASON)
    one.state, one.withdrawn_by_id, one.withdrawn_at = GuidanceState.WITHDRAWN, viewer.staff_id, now
    session.flush()
    _record(session, "guidance.withdrawn", one, actor=actor, now=now)


def note_use(session: Session, guidance_id: int, kind: GuidanceUseKind, thing: str, *, again: bool = False) -> None:
    """It was before somebody; once for each thing, or a number that grows for those that come `again`."""
    row = insert(GuidanceUse).values(guidance_id=guidance_id, kind=kind, thing=thing)
    key = ["guidance_id", "kind", "thing"]
    if again:
        row = row.on_conflict_do_update(index_elements=key, set_={"number": GuidanceUse.number + 1})
    else:
        row = row.on_conflict_do_nothing(index_elements=key)
    session.execute(row)


def guidance_named(session: Session, guidance_id: int) -> Guidance:
    """Raises NotFound."""
    one = session.get(Guidance, guidance_id) if guidance_id < 2**62 else None
    if one is None:
        raise NotFound("guidance", guidance_id)
    return one


def _in_step(session: Session, guidance_id: int, step: str, *, viewer: Viewer, decides: bool = False) -> Guidance:
    """Locked, for whoever may take this step. Raises NotFound, NotAllowed, InvalidInput."""
    guidance_named(session, guidance_id)
    one = session.get_one(Guidance, guidance_id, with_for_update={"key_share": True}, populate_existing=True)
    if not (may_decide if decides else may_steer)(viewer, one.unit_ids):
        raise NotAllowed("guidance")
    if one.state not in _STEPS[step]:
        raise InvalidInput("guidance", "guidance_moved_on")
    return one


def _columns(wanted: WantedGuidance, viewer: Viewer) -> dict[str, object]:
    texts = {name: _required(name, getattr(wanted, name), limit) for name, limit in _TEXTS}
    spoken = {
        name: " ".join(clean_text(getattr(wanted, name), LONGEST_SPOKEN, field=name).split())
        for name in ("spoken_vi", "spoken_en")
    }
    for name, other in (("spoken_vi", "spoken_en"), ("spoken_en", "spoken_vi")):
        if spoken[other] and not spoken[name]:
            raise InvalidInput(name, "both_languages")
    if not may_steer(viewer, wanted.unit_ids):
        raise InvalidInput("area", "not_your_area")
    words = _words(wanted.words)
    if not words and wanted.category_id is None and wanted.procedure_id is None:
        raise InvalidInput("words", "about_nothing")
    search_key = " ".join(folded_words(" ".join([*texts.values(), words])))
    return {
        **texts, **spoken, "words": words, "search_key": search_key, "unit_ids": sorted(set(wanted.unit_ids)),
        "category_id": wanted.category_id, "procedure_id": wanted.procedure_id,
    }  # fmt: skip


_TEXTS = (
    ("question_vi", LONGEST_QUESTION), ("question_en", LONGEST_QUESTION),
    ("answer_vi", LONGEST_ANSWER), ("answer_en", LONGEST_ANSWER),
)  # fmt: skip


def _words(typed: str) -> str:
    """Phrases a line each; ; separates them too. Raises InvalidInput for one that would be in every text."""
    lines = clean_text(typed, LONGEST_WORDS, field="words").replace(";", "\n").splitlines()
    kept = [" ".join(line.split()) for line in lines if line.strip()]
    short = next((line for line in kept if sum(map(len, phrases_of(line))) < _SHORTEST_PHRASE), None)
    if short is not None:
        raise InvalidInput("words", "phrase_too_short", words=short)
    return "\n".join(kept)


def _required(field: str, typed: str, limit: int) -> str:
    words = clean_text(typed, limit, field=field)
    if not words:
        raise InvalidInput(field, "required")
    return words


def _record(session: Session, action: str, one: Guidance, *, actor: Actor, now: datetime) -> None:
    params = {"units": list(one.unit_ids), **({"decision_no": one.decision_no} if one.decision_no else {})}
    entries.record(
        session, actor=actor, action=action, subject_kind="guidance", subject_id=one.id, params=params, now=now
    )
