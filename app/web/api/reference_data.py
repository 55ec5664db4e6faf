"""Reference data as rows, kind by kind, in the columns of its files."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import yaml
from flask import g

from app.seeding.file_kinds import FILE_KINDS, POLICIES, TABLE_KINDS
from app.seeding.imports import take_out
from app.web.api.blueprint import blueprint
from app.web.api.describing import takes_query
from app.web.api.directory_bodies import ReferenceRows
from app.web.api.paging import PageQuery, keys_of, page_of
from app.web.api.reading import read_query
from app.web.frame.access import bearer
from app.web.frame.api_tokens import require_scope
from tickets.directory.exchange.kind import FileKind
from tickets.directory.exchange.long_kind import PagedKind
from tickets.errors import NotFound
from tickets.people.actor import SYSTEM

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
    if kind in TABLE_KINDS:
        of_kind = TABLE_KINDS[kind](g.session, actor=SYSTEM, now=g.now)
        return _page_of_many(of_kind, query) if isinstance(of_kind, PagedKind) else _page(_keyed(of_kind), query)
    return _page(_rules(), query)


def _page_of_many(of_kind: PagedKind, query: PageQuery) -> dict[str, Any]:
    after = keys_of(query.cursor, *[int] * of_kind.numbers)
    rows = of_kind.numbered(after=after or (), most=query.limit + 1)
    shown, following = page_of(rows, query, lambda pair: pair[0])
    return {"items": [row for _number, row in shown], "next": following}


def _page(keyed: Sequence[tuple[str, dict[str, Any]]], query: PageQuery) -> dict[str, Any]:
    after = keys_of(query.cursor, str)
    # A key may be longer than a cursor: its digest stands for it.
    rows = sorted(((_digest(key), row) for key, row in keyed), key=lambda pair: pair[0])
    left = [pair for pair in rows if after is None or pair[0] > after[0]]
    shown, following = page_of(left[: query.limit + 1], query, lambda pair: (pair[0],))
    return {"items": [row for _key, row in shown], "next": following}


def _keyed(of_kind: FileKind) -> list[tuple[str, dict[str, Any]]]:
    return [(of_kind.key_of(row), dict(row)) for row in of_kind.standing()]


def _rules() -> list[tuple[str, dict[str, Any]]]:
    told = yaml.safe_load(take_out(g.session, POLICIES)) or {}
    return [(f"{group}:{one['name']}", {group.removesuffix("s"): one}) for group, ones in told.items() for one in ones]


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
