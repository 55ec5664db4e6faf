"""Reference data as rows, kind by kind, in the columns of its files."""

from hashlib import sha256
from typing import Any

import yaml
from flask import g

from app.seeding.file_kinds import FILE_KINDS, POLICIES
from app.seeding.imports import standing_rows, take_out
from app.web.api.blueprint import blueprint
from app.web.api.bodies import ReferenceRows
from app.web.api.describing import takes_query
from app.web.api.paging import PageQuery, keys_of, page_of
from app.web.api.reading import read_query
from app.web.frame.access import bearer
from app.web.frame.api_tokens import require_scope
from tickets.errors import NotFound

# Anybody may know these; the others name people, their posts and their days, or are the rules of the house.
PUBLIC_KINDS = frozenset(
    {"units", "offices", "lines", "categories", "procedures", "calendars", "holidays", "answers"}
    | {"aliases", "streets", "landmarks"}
)
# How one row of each group of the file of rules is called.
_ONE_OF = {"policies": "policy", "chains": "chain"}


@blueprint.get("/reference/<kind>")
@takes_query(PageQuery)
@blueprint.output(ReferenceRows)
@blueprint.doc(
    summary="Reference data of one kind, row by row",
    description="In the columns of its file (`./hotline export`), in no particular order. Kinds that name people "
    "or rules (`people`, `posts`, `rota`, `leave`, `responsibilities`, `policies`, …) need the scope `admin`.",
)
@bearer("directory:read")
def list_reference_data(kind: str) -> dict[str, Any]:
    if kind not in FILE_KINDS:
        raise NotFound("kind", kind)
    if kind not in PUBLIC_KINDS:
        require_scope(g.session, "admin", now=g.now)
    query = read_query(PageQuery)
    after = keys_of(query.cursor, str)
    # A key may be longer than a cursor: its digest stands for it.
    rows = sorted(((_digest(key), row) for key, row in _rows(kind)), key=lambda pair: pair[0])
    left = [pair for pair in rows if after is None or pair[0] > after[0]]
    shown, following = page_of(left[: query.limit + 1], query, lambda pair: (pair[0],))
    return {"items": [row for _key, row in shown], "next": following}


def _rows(kind: str) -> list[tuple[str, dict[str, Any]]]:
    if kind != POLICIES:
        of_kind, rows = standing_rows(g.session, kind, now=g.now)
        return [(of_kind.key_of(row), dict(row)) for row in rows]
    told = yaml.safe_load(take_out(g.session, kind)) or {}
    return [(f"{group}:{one['name']}", {group.removesuffix("s"): one}) for group, ones in told.items() for one in ones]


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
