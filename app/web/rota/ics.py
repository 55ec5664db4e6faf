"""Turns of duty as a calendar reads them: the text of RFC 5545, lines folded at 75 octets, instants in UTC."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from tickets.directory.covered_turns import CoveredTurn

_OCTETS = 75


def calendar_text(name: str, events: Sequence[tuple[CoveredTurn, str]], *, host: str, zone: str, now: datetime) -> str:
    """A calendar of this name; each turn with its summary. `host` makes the ids of events unique among calendars."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Hotline//Duty rota//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(name)}", f"X-WR-TIMEZONE:{zone}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]  # fmt: skip
    for turn, summary in events:
        lines += _event(turn, summary, host=host, now=now)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(covered: CoveredTurn, summary: str, *, host: str, now: datetime) -> list[str]:
    turn, part = covered.turn, f"-{covered.part}" if covered.part else ""
    return [
        "BEGIN:VEVENT", f"UID:shift-{turn.shift_id}{part}@{host}", f"DTSTAMP:{_instant(now)}",
        f"DTSTART:{_instant(turn.starts_at)}", f"DTEND:{_instant(turn.ends_at)}", f"SUMMARY:{_escaped(summary)}",
        "TRANSP:TRANSPARENT", "END:VEVENT",
    ]  # fmt: skip


def _instant(at: datetime) -> str:
    utc = at.astimezone(UTC)
    return f"{utc:%Y%m%dT%H%M%SZ}"


def _escaped(words: str) -> str:
    for sign in ("\\", ";", ","):
        words = words.replace(sign, f"\\{sign}")
    return words.replace("\r\n", "\\n").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """At most 75 octets a line, never within a letter; what follows begins with a blank."""
    part = ""
    for letter in line:
        if len((part + letter).encode()) > _OCTETS:
            yield part
            part = " "
        part += letter
    yield part
