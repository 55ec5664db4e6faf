"""Open data of the directory: units, procedures, queues, and the place resolver."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from flask import g
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select, tuple_

from app.web.api.blueprint import blueprint
from app.web.api.describing import takes_query
from app.web.api.directory_bodies import ProcedureList, QueueList, Resolved, UnitList
from app.web.api.paging import PageQuery, keys_of, page_of
from app.web.api.reading import TypedWords, read_query
from app.web.frame.access import open_data
from app.web.frame.current import places, today
from app.web.frame.limits import limiter
from app.wording.place_words import option_text, question_text, why_text
from tickets.directory.places import Candidate, Question, Resolution, SpotHint, resolve
from tickets.directory.releases import hidden_procedures
from tickets.schema import Procedure, Queue, Unit
from tickets.states import Level, UnitKind

LONGEST_MATTER_TEXT = 10_000


class PlaceQuery(BaseModel):
    """`text` as somebody says it; `on` the day whose units are meant (default today)."""

    model_config = ConfigDict(extra="ignore")

    text: TypedWords = Field(min_length=1, max_length=LONGEST_MATTER_TEXT)
    on: date | None = None


class UnitQuery(PageQuery):
    kind: UnitKind | None = None


class ProcedureQuery(PageQuery):
    level: Literal["ward", "city"] | None = None


@blueprint.get("/places/resolve")
@takes_query(PlaceQuery)
@blueprint.output(Resolved)
@blueprint.doc(summary="From what somebody says about a place to the units responsible")
@open_data
@limiter.limit("1200 per minute", exempt_when=lambda: g.viewer is not None)
def resolve_place() -> dict[str, Any]:
    query = read_query(PlaceQuery)
    return resolved(resolve(places(), query.text, on=query.on or today()))


def resolved(resolution: Resolution) -> dict[str, Any]:
    """The shape of contract.md: candidates with why, and the question that decides in both languages."""
    hint = _asked(resolution.hint) if resolution.hint else None
    return {"outcome": resolution.outcome, **_asked(resolution), "hint": hint}


def _asked(found: Resolution | SpotHint) -> dict[str, Any]:
    return {
        "said": found.said,
        "candidates": _candidates(found.candidates),
        "question": _question(found.question, found.candidates) if found.question else None,
    }


def _candidates(found: Sequence[Candidate]) -> list[dict[str, str]]:
    return [
        {
            "code": candidate.unit_code,
            "name": candidate.unit_name,
            "kind": candidate.unit_kind,
            "why": why_text(candidate.why, "vi"),
            "why_en": why_text(candidate.why, "en"),
        }
        for candidate in found
    ]


def _question(question: Question, found: Sequence[Candidate]) -> dict[str, Any]:
    return {
        "id": question.id,
        "text": {"vi": question_text(question, "vi"), "en": question_text(question, "en")},
        "options": [
            {
                "code": option.code,
                "text": {"vi": option_text(option, "vi"), "en": option_text(option, "en")},
                "units": [one.unit_code for one in found if one.unit_id in option.unit_ids],
            }
            for option in question.options
        ],
    }


@blueprint.get("/units")
@takes_query(UnitQuery)
@blueprint.output(UnitList)
@blueprint.doc(summary="The bodies that answer today")
@open_data
def list_units() -> dict[str, Any]:
    query = read_query(UnitQuery)
    after = keys_of(query.cursor, str, int)
    statement = select(Unit).where(Unit.valid_to.is_(None)).order_by(Unit.sort_key, Unit.id).limit(query.limit + 1)
    if query.kind:
        statement = statement.where(Unit.kind == query.kind)
    if after:
        statement = statement.where(tuple_(Unit.sort_key, Unit.id) > after)
    shown, following = page_of(g.session.scalars(statement).all(), query, lambda row: (row.sort_key, row.id))
    items = [
        {
            "code": unit.code,
            "name": unit.name,
            "name_en": unit.name_en,
            "kind": unit.kind,
            "former_province": unit.former_province,
            "valid_from": unit.valid_from.isoformat() if unit.valid_from else None,
        }
        for unit in shown
    ]
    return {"items": items, "next": following}


@blueprint.get("/procedures")
@takes_query(ProcedureQuery)
@blueprint.output(ProcedureList)
@blueprint.doc(summary="Administrative procedures")
@open_data
def list_procedures() -> dict[str, Any]:
    query = read_query(ProcedureQuery)
    after = keys_of(query.cursor, str, int)
    statement = select(Procedure).order_by(Procedure.sort_key, Procedure.id).limit(query.limit + 1)
    if hidden := hidden_procedures(g.session):
        statement = statement.where(Procedure.id.not_in(hidden))
    if query.level:
        statement = statement.where(Procedure.level == Level(query.level))
    if after:
        statement = statement.where(tuple_(Procedure.sort_key, Procedure.id) > after)
    shown, following = page_of(g.session.scalars(statement).all(), query, lambda row: (row.sort_key, row.id))
    items = [
        {"code": row.code, "name": row.name, "field": row.field, "level": row.level, "decision_no": row.decision_no}
        for row in shown
    ]
    return {"items": items, "next": following}


@blueprint.get("/queues")
@takes_query(PageQuery)
@blueprint.output(QueueList)
@blueprint.doc(summary="Where tickets wait")
@open_data
def list_queues() -> dict[str, Any]:
    query = read_query(PageQuery)
    after = keys_of(query.cursor, int)
    statement = select(Queue, Unit.code).join(Unit, Unit.id == Queue.unit_id).order_by(Queue.id).limit(query.limit + 1)
    if after:
        statement = statement.where(Queue.id > after[0])
    shown, following = page_of(g.session.execute(statement).all(), query, lambda row: (row[0].id,))
    items = [{"id": q.id, "kind": q.kind, "name": q.name, "name_en": q.name_en, "unit": code} for q, code in shown]
    return {"items": items, "next": following}
