"""Posts of bodies as a file, and how other files name them."""

import re
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.directory.exchange.kind import FileKind, RowChange, TextRow
from tickets.directory.exchange.removal import removed
from tickets.directory.on_call import correct_post, insert_posts
from tickets.promises.plan import TRIAL
from tickets.schema import Post, Unit
from tickets.sheets.columns import Column, Reads, plain
from tickets.sheets.values import BadValue

_CODE = re.compile(r"[a-z][a-z0-9_]{1,59}")
# "Chủ tịch UBND phường": written short, and with what kind of body it is.
_SHORT = re.compile(r"\bubnd\b")
_OF_A_KIND = re.compile(r" (phuong|xa|dac khu|phuong xa)$")


def _said(name: str) -> str:
    return _OF_A_KIND.sub("", _SHORT.sub("uy ban nhan dan", plain(name)))


class PostNames:
    """The posts of every body, found by code or name."""

    def __init__(self, session: Session) -> None:
        self.by_code: dict[tuple[int, str], Post] = {}
        self._named: dict[int, dict[str, str]] = defaultdict(dict)
        self._anywhere: set[str] = set()
        for post in session.scalars(select(Post).where(Post.code != TRIAL).order_by(Post.id)):
            self.by_code[post.unit_id, post.code] = post
            for name in (post.code, post.name, post.name_en):
                self._named[post.unit_id].setdefault(_said(name), post.code)
                self._anywhere.add(_said(name))

    def named(self, locale: str) -> list[str]:
        """What posts are called, each name once."""
        return list(dict.fromkeys(one.name_en if locale == "en" else one.name for one in self.by_code.values()))

    def code(self, unit_id: int, text: str) -> str:
        """Raises BadValue, which says so where the post is one of another body."""
        found = self._named[unit_id].get(_said(text))
        if found is None:
            code = "post_of_another_body" if _said(text) in self._anywhere else "no_such_post"
            raise BadValue(code, text, column="post")
        return found


class Posts(FileKind):
    name = "posts"
    columns = (
        Column("unit", Reads.UNIT, needed=True),
        Column("code", needed=True, longest=60),
        Column("name", longest=200),
        Column("name_en", longest=200),
    )
    key = ("unit", "code")
    _names: dict[str, TextRow] | None = None

    def judge(self, row: TextRow) -> None:
        if not _CODE.fullmatch(row["code"]) or row["code"] == TRIAL:
            raise BadValue("bad_code", row["code"], column="code")

    def complete(self, row: TextRow) -> None:
        """A post that other bodies have too is called as theirs."""
        if self._names is None:
            self._names = {one["code"]: one for one in reversed(self.standing())}
        alike = self._names.get(row["code"], {})
        row["name"] = row["name"] or alike.get("name", "")
        if not row["name"]:
            raise BadValue("missing", "name", column="name")
        row["name_en"] = row["name_en"] or alike.get("name_en", "") or row["name"]

    def merged(self, before: TextRow, cells: TextRow) -> TextRow:
        named = {column: cells.get(column) or before[column] for column in ("name", "name_en")}
        return {**before, **cells, **named}

    def standing(self) -> list[TextRow]:
        rows = self.session.execute(
            select(Unit.code, Post.code, Post.name, Post.name_en)
            .join(Post, Post.unit_id == Unit.id)
            .where(Unit.code.is_not(None), Unit.valid_to.is_(None), Post.code != TRIAL)
            .order_by(Unit.sort_key, Unit.id, Post.id)
        )
        return [{"unit": str(unit), "code": code, "name": name, "name_en": en} for unit, code, name, en in rows]

    def write(self, changes: Sequence[RowChange]) -> None:
        fresh = [change for change in changes if change.before is None]
        given = [(self.units.id(o.after["unit"]), o.after["code"], o.after["name"], o.after["name_en"]) for o in fresh]
        for change, post_id in zip(fresh, insert_posts(self.session, given), strict=True):
            change.kept["post"] = post_id
        names = PostNames(self.session)
        for change in changes:
            if change.before is not None:
                post = names.by_code[self.units.id(change.after["unit"]), change.after["code"]]
                correct_post(self.session, post.id, name=change.after["name"], name_en=change.after["name_en"])

    def take_back(self, change: RowChange) -> None:
        removed(self.session, change, table="post", row_id=change.kept["post"])
