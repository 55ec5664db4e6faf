"""Whether somebody outside keeps our tables or rows from being written, as the schedulers have seen it."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.process_beats import SILENT_AFTER
from tickets.schema import ProcessBeat


def held_now(session: Session, *, now: datetime) -> list[dict[str, Any]]:
    """Each process of the database that holds something for too long, as `HeldTables` tells it."""
    fresh = ProcessBeat.beat_at > now - SILENT_AFTER
    details = session.scalars(select(ProcessBeat.detail).where(ProcessBeat.kind == "scheduler", fresh))
    held = {one["pid"]: one for detail in details for one in detail.get("held", ())}
    return [held[pid] for pid in sorted(held)]


def held_check(session: Session, *, now: datetime) -> dict[str, str]:
    """`ok`, or which process of the database has held what for how long."""
    return {"locks": "; ".join(map(_said, held_now(session, now=now))) or "ok"}


def _said(one: dict[str, Any]) -> str:
    what = "" if one["is_whole"] else "rows of "
    tables = ", ".join(one["tables"])
    return f"process {one['pid']} of the database ({one['role']}) has held {what}{tables} for {one['seconds']} s"
