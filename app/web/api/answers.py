"""Open data: what the city answers to what many ask, as it is in force."""

from typing import Any

from flask import g
from pydantic import BaseModel, Field

from app.web.api.blueprint import blueprint
from app.web.api.describing import takes_query
from app.web.api.directory_bodies import BothLanguages
from app.web.api.paging import PageQuery, keys_of, page_of
from app.web.api.reading import TypedWords, read_query
from app.web.frame.access import open_data
from app.web.frame.current import rules
from tickets.queries.guidance import public_answers
from tickets.schema import Guidance


class AnswerOut(BaseModel):
    """Guidance in force; without `units` it is for the whole city."""

    id: int
    question: BothLanguages
    answer: BothLanguages
    units: list[str]
    category: str | None
    procedure: str | None
    signed_by: str
    decision_no: str
    decided_on: str | None
    issued_at: str | None


class AnswerList(BaseModel):
    items: list[AnswerOut]
    next: str | None


class AnswerQuery(PageQuery):
    """`text` is searched with or without accents; every word of it must occur."""

    text: TypedWords = Field(default="", max_length=200)


@blueprint.get("/answers")
@takes_query(AnswerQuery)
@blueprint.output(AnswerList)
@blueprint.doc(summary="What the city answers to what many ask, as it is in force, newest first")
@open_data
def list_answers() -> dict[str, Any]:
    query = read_query(AnswerQuery)
    after = keys_of(query.cursor, int)
    found = public_answers(g.session, text=query.text, before=after[0] if after else None, limit=query.limit + 1)
    shown, following = page_of(found, query, lambda row: (row.id,))
    return {"items": [_item(one) for one in shown], "next": following}


def _item(one: Guidance) -> dict[str, Any]:
    routing = rules().routing
    units = [routing.units[i].code for i in one.unit_ids if i in routing.units]
    category, procedure = routing.categories.get(one.category_id or 0), routing.procedures.get(one.procedure_id or 0)
    return {
        "id": one.id,
        "question": {"vi": one.question_vi, "en": one.question_en},
        "answer": {"vi": one.answer_vi, "en": one.answer_en},
        "units": [code for code in units if code],
        "category": category.code if category else None,
        "procedure": procedure.code if procedure else None,
        "signed_by": one.signed_by,
        "decision_no": one.decision_no,
        "decided_on": one.decided_on.isoformat() if one.decided_on else None,
        "issued_at": one.issued_at.isoformat() if one.issued_at else None,
    }
