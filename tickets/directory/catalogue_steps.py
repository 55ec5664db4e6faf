"""How far each procedure has come in the catalogue: stages with their days and documents, entered by name."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from tickets.audit.entries import record
from tickets.city import day_of
from tickets.directory.procedures import procedure_named
from tickets.errors import InvalidInput
from tickets.people.actor import Actor
from tickets.schema import CatalogueStep, Procedure, Staff
from tickets.states import CatalogueStage
from tickets.typed_text import clean_text

LONGEST_DOCUMENT_NO, LONGEST_REASON_TO_TAKE_OUT = 200, 500
STAGES = tuple(CatalogueStage)
# Days in which a stage follows the one before it, as the operator has decided; the first begins the duty.
STAGE_DAYS: Mapping[CatalogueStage, int] = {
    CatalogueStage.PROPOSED: 10,
    CatalogueStage.PUBLISHED: 10,
    CatalogueStage.INTERNAL: 15,
    CatalogueStage.ELECTRONIC: 30,
    CatalogueStage.NATIONAL: 10,
}


@dataclass(frozen=True, slots=True)
class Reached:
    """A stage that was reached; `by` is empty for what came with the demonstration or a file."""

    stage: CatalogueStage
    on_day: date
    document_no: str
    by: str


@dataclass(frozen=True, slots=True)
class Owed:
    """The first stage that is still to come, and until when."""

    stage: CatalogueStage
    due_on: date


Steps = Mapping[CatalogueStage, Reached]


def steps_of(session: Session, procedure_ids: Collection[int] | None = None) -> dict[int, Steps]:
    """Of each procedure for which anything was entered; of all where none is named."""
    statement = (
        select(CatalogueStep, Staff.name)
        .outerjoin(Staff, Staff.id == CatalogueStep.entered_by_id)
        .ext(distinct_on(CatalogueStep.procedure_id, CatalogueStep.stage))
        .order_by(CatalogueStep.procedure_id, CatalogueStep.stage, CatalogueStep.id.desc())
    )
    if procedure_ids is not None:
        statement = statement.where(CatalogueStep.procedure_id.in_(procedure_ids))
    found = defaultdict[int, dict[CatalogueStage, Reached]](dict)
    for row, name in session.execute(statement):
        if row.on_day is not None:
            found[row.procedure_id][row.stage] = Reached(row.stage, row.on_day, row.document_no, name or "")
    return dict(found)


def owed(steps: Steps) -> Owed | None:
    """None where the duty has not begun, or is done."""
    if CatalogueStage.ANNOUNCED not in steps:
        return None
    before = steps[CatalogueStage.ANNOUNCED].on_day
    for stage in STAGES[1:]:
        if stage not in steps:
            return Owed(stage, before + timedelta(days=STAGE_DAYS[stage]))
        before = steps[stage].on_day
    return None


def enter_step(
    session: Session,
    procedure_id: int,
    stage: CatalogueStage,
    *,
    on_day: date,
    document_no: str,
    actor: Actor,
    now: datetime,
) -> None:
    """The stage was reached on that day. Raises NotFound and InvalidInput; the same again is a correction."""
    procedure = procedure_named(session, procedure_id)
    said = " ".join(clean_text(document_no, LONGEST_DOCUMENT_NO, field="document_no").split())
    _judge(session, procedure, stage, on_day, said, now=now)
    _keep(session, procedure, stage, on_day=on_day, document_no=said, reason="", actor=actor, now=now)


def take_step_out(
    session: Session, procedure_id: int, stage: CatalogueStage, *, reason: str, actor: Actor, now: datetime
) -> None:
    """It was entered by mistake. Raises NotFound, and InvalidInput without a reason, or where a later one stands."""
    procedure = procedure_named(session, procedure_id)
    said = " ".join(clean_text(reason, LONGEST_REASON_TO_TAKE_OUT, field="reason").split())
    steps = _locked(session, procedure)
    if not said:
        raise InvalidInput("reason", "missing")
    if stage not in steps or any(later in steps for later in STAGES[STAGES.index(stage) + 1 :]):
        raise InvalidInput("stage", "not_the_last_stage")
    _keep(session, procedure, stage, on_day=None, document_no="", reason=said, actor=actor, now=now)


def _judge(
    session: Session, procedure: Procedure, stage: CatalogueStage, on_day: date, document_no: str, *, now: datetime
) -> None:
    steps = _locked(session, procedure)
    number = STAGES.index(stage)
    if on_day > day_of(now):
        raise InvalidInput("on_day", "lies_ahead")
    if number and STAGES[number - 1] not in steps:
        raise InvalidInput("stage", "stage_before_missing")
    if number and on_day < steps[STAGES[number - 1]].on_day:
        raise InvalidInput("on_day", "before_the_stage_before")
    following = STAGES[number + 1] if number + 1 < len(STAGES) else None
    if following is not None and following in steps and on_day > steps[following].on_day:
        raise InvalidInput("on_day", "after_the_stage_after")
    if stage is CatalogueStage.PUBLISHED and not document_no:
        raise InvalidInput("document_no", "missing")


def _locked(session: Session, procedure: Procedure) -> Steps:
    session.execute(select(Procedure.id).where(Procedure.id == procedure.id).with_for_update(key_share=True))
    return steps_of(session, [procedure.id]).get(procedure.id, {})


def _keep(
    session: Session,
    procedure: Procedure,
    stage: CatalogueStage,
    *,
    on_day: date | None,
    document_no: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    session.add(
        CatalogueStep(
            procedure_id=procedure.id, stage=stage, on_day=on_day, document_no=document_no, reason=reason,
            entered_by_id=actor.staff_id, entered_at=now,
        )
    )  # fmt: skip
    session.flush()
    record(
        session,
        actor=actor,
        action="catalogue.entered" if on_day is not None else "catalogue.taken_out",
        subject_kind="procedure",
        subject_id=procedure.id,
        params={
            "stage": stage.value,
            "from": on_day.isoformat() if on_day is not None else "",
            "document_no": document_no,
            "reason": reason,
        },
        now=now,
    )
