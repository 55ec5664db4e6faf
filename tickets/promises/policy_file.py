"""Reading a file of policies and chains (YAML) into values, with every error and where it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Any, TypeVar

import yaml

from tickets.file_errors import RowError
from tickets.promises.arithmetic import PAUSE_CAP_FACTOR
from tickets.promises.plan import HIGHEST_LEVEL, WARNING_SHARES, ChainLevel, EscalationChain, never_later, not_later
from tickets.promises.policy import Match, PolicySet, PolicyTarget, Retired, SlaPolicy
from tickets.states import Channel, ClockKind, Level, OutboundChannel, Priority

MAX_POLICY_CHARACTERS = 1_000_000
TEN_YEARS_SECONDS = 10 * 366 * 86_400

MAX_RETIRING_REASON = 500

_OFFSETS = ("offset_seconds", "offset_percent", "after_level_seconds")
_POLICY_KEYS = {"name", "match", "rows", "legal_basis"}
_MATCH_KEYS = {"category", "level", "unit", "channel"}
_ROW_KEYS = {
    "priority", "clock", "target_seconds", "calendar", "warn", "chain", "pauses_for_third_party", "pause_cap_factor",
}  # fmt: skip
_STEP_KEYS = {
    "level", "post", "procedure_post", *_OFFSETS, "least_seconds", "calendar", "channels", "actions", "daily_list",
}  # fmt: skip

_Code = TypeVar("_Code", bound=StrEnum)


@dataclass(frozen=True)
class KnownNames:
    """What already exists and may be named; None: not checked here."""

    calendars: Collection[str] | None = None
    chains: Mapping[str, EscalationChain] = field(default_factory=dict)
    policies: Collection[str] | None = None
    categories: Collection[str] | None = None
    units: Collection[str] | None = None
    posts: Collection[str] | None = None
    actions: Collection[str] | None = None


NOTHING_KNOWN = KnownNames()


class _Bad(Exception):
    """One wrong value; the reader turns it into a RowError and goes on with the next row."""

    def __init__(self, code: str, detail: object = "") -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, str(detail)[:200]


def parse_policies(text: str, *, known: KnownNames = NOTHING_KNOWN) -> PolicySet:
    """Read one policy (`name`, `match`, `rows`, `chains`) or many (`policies: […]`, `chains: […]`).

    Every row is judged, so that a person can mend the whole file at once; with any error the set must not be used.
    """
    try:
        document = _document(text)
    except _Bad as bad:
        return PolicySet(errors=(RowError("file", bad.code, bad.detail),))
    errors: list[RowError] = []
    chains = list(_read_all(document["chains"], "chains", lambda raw, at: _chain(raw, at, known, errors), errors))
    read = list(_read_all(document["policies"], "policies", lambda raw, at: _policy(raw, at, known, errors), errors))
    policies = [one for one in read if isinstance(one, SlaPolicy)]
    retired = [one for one in read if isinstance(one, Retired) and one.name in (known.policies or {one.name})]
    errors.extend(_twice("chains", [chain.name for chain in chains]))
    errors.extend(_twice("policies", [*(one.name for one in read)]))
    if not errors:
        errors.extend(_chain_errors(policies, {**known.chains, **{chain.name: chain for chain in chains}}))
    return PolicySet(tuple(policies), tuple(chains), tuple(retired), tuple(errors))


def step_from(raw: Mapping[str, Any], *, known: KnownNames = NOTHING_KNOWN) -> ChainLevel:
    """A step from its mapping in a file or in the database; `step_mapping` is the way back."""
    _only(raw, _STEP_KEYS)
    given = [name for name in _OFFSETS if raw.get(name) is not None]
    if len(given) != 1:
        raise _Bad("one_offset", ", ".join(given))
    channels = _list(raw.get("channels", ["sms", "screen"]))
    if not channels:
        raise _Bad("no_channel")
    for channel in channels:
        _code(OutboundChannel, channel, "no_such_channel")
    actions = _list(raw.get("actions", []))
    if known.actions is not None and not set(actions) <= set(known.actions):
        raise _Bad("no_such_action", actions)
    return ChainLevel(
        level=_whole(raw.get("level"), "bad_level", low=1, high=HIGHEST_LEVEL),
        posts=_posts(raw.get("post"), known, is_needed=True),
        procedure_posts=_posts(raw.get("procedure_post"), known, is_needed=False),
        offset_seconds=_offset_seconds(raw.get("offset_seconds")),
        offset_percent=_offset_percent(raw.get("offset_percent")),
        after_level_seconds=_after_level_seconds(raw.get("after_level_seconds")),
        least_seconds=_whole(raw.get("least_seconds", 0), "bad_least_seconds", low=0, high=TEN_YEARS_SECONDS),
        calendar_key=_calendar(raw["calendar"], known) if raw.get("calendar") is not None else None,
        channels=tuple(channels),
        actions=tuple(actions),
        daily_list=raw.get("daily_list") is True,
    )


def step_mapping(step: ChainLevel) -> dict[str, Any]:
    """A step as the file writes it."""
    written: dict[str, Any] = {
        "level": step.level,
        "post": "|".join(step.posts),
        "procedure_post": "|".join(step.procedure_posts) or None,
        "offset_seconds": step.offset_seconds,
        "offset_percent": step.offset_percent,
        "after_level_seconds": step.after_level_seconds,
        "least_seconds": step.least_seconds or None,
        "calendar": step.calendar_key,
        "channels": list(step.channels),
        "actions": list(step.actions) or None,
        "daily_list": step.daily_list or None,
    }
    return {name: value for name, value in written.items() if value is not None}


def _document(text: str) -> dict[str, list[Any]]:
    if len(text) > MAX_POLICY_CHARACTERS:
        raise _Bad("too_long", len(text))
    try:
        # A short text of aliases can stand for gigabytes, and a file of rules needs none.
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise _Bad("aliases")
        raw = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as wrong:
        raise _Bad("not_yaml", wrong) from wrong
    if isinstance(raw, list):
        raw = {"policies": raw}
    if not isinstance(raw, dict):
        raise _Bad("not_a_mapping")
    if "rows" in raw:
        raw = {"policies": [{k: v for k, v in raw.items() if k != "chains"}], "chains": raw.get("chains")}
    _only(raw, {"policies", "chains"})
    document = {name: raw.get(name) or [] for name in ("policies", "chains")}
    if not any(document.values()):
        raise _Bad("empty")
    for name, rows in document.items():
        if not isinstance(rows, list):
            raise _Bad("not_a_list", name)
    return document


_Read = TypeVar("_Read")


def _read_all(
    rows: list[Any], name: str, read: Callable[[Mapping[str, Any], str], _Read], errors: list[RowError]
) -> Iterator[_Read]:
    for number, raw in enumerate(rows):
        where = f"{name}[{number}]"
        try:
            if not isinstance(raw, dict):
                raise _Bad("not_a_mapping", raw)
            yield read(raw, where)
        except _Bad as bad:
            errors.append(RowError(where, bad.code, bad.detail))


def _chain(raw: Mapping[str, Any], where: str, known: KnownNames, errors: list[RowError]) -> EscalationChain:
    _only(raw, {"name", "steps"})
    name = _name(raw.get("name"))
    rows = _rows(raw.get("steps"), "no_steps")
    steps = tuple(_read_all(rows, f"{where}.steps", lambda one, _: step_from(one, known=known), errors))
    if len(steps) == len(rows) and any(a.level >= b.level for a, b in pairwise(steps)):
        raise _Bad("levels_do_not_climb", name)
    if steps and steps[0].after_level_seconds is not None:
        raise _Bad("no_level_before", name)
    chain = EscalationChain(name, steps)
    if len(steps) == len(rows) and (falling := never_later(chain)) is not None:
        raise _Bad("offsets_do_not_increase", named_step(name, falling))
    return chain


def _policy(raw: Mapping[str, Any], where: str, known: KnownNames, errors: list[RowError]) -> SlaPolicy | Retired:
    """A policy, or one that is taken out of force: `{name: …, retired: true, reason: …}`."""
    if raw.get("retired") is True:
        return _retired(raw, known)
    _only(raw, _POLICY_KEYS)
    name = _name(raw.get("name"))
    rows = _rows(raw.get("rows"), "no_rows")
    read = tuple(_read_all(rows, f"{where}.rows", lambda one, _: _row(one, known), errors))
    errors.extend(_twice(f"{where}.rows", [f"{row.priority}/{row.clock}" for row in read]))
    return SlaPolicy(name, _match(raw.get("match"), known), read, str(raw.get("legal_basis") or ""))


def _retired(raw: Mapping[str, Any], known: KnownNames) -> Retired:
    """An export says of what was retired before when that was: such a row asks nothing of a city that never had it."""
    _only(raw, {"name", "retired", "retired_at", "reason"})
    name, reason = _name(raw.get("name")), str(raw.get("reason") or "").strip()
    if raw.get("retired_at") is None:
        _one_of(name, known.policies, "no_such_policy")
    if len(reason) > MAX_RETIRING_REASON:
        raise _Bad("too_long", len(reason))
    return Retired(name, reason)


def _match(raw: object, known: KnownNames) -> Match:
    if raw is None:
        return Match()
    if not isinstance(raw, dict):
        raise _Bad("bad_match", raw)
    _only(raw, _MATCH_KEYS)
    level, channel = raw.get("level"), raw.get("channel")
    return Match(
        category=_one_of(raw.get("category"), known.categories, "no_such_category"),
        level=_code(Level, level, "no_such_level") if level is not None else None,
        unit=_one_of(raw.get("unit"), known.units, "no_such_unit"),
        channel=_code(Channel, channel, "no_such_channel") if channel is not None else None,
    )


def _row(raw: Mapping[str, Any], known: KnownNames) -> PolicyTarget:
    _only(raw, _ROW_KEYS)
    warn = raw.get("warn", list(WARNING_SHARES))
    if not isinstance(warn, list) or not all(_is_whole(share) and 0 < share < 100 for share in warn):
        raise _Bad("bad_warn", warn)
    factor = raw.get("pause_cap_factor", PAUSE_CAP_FACTOR)
    if isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 <= factor <= 100:
        raise _Bad("bad_pause_cap", factor)
    chain = raw.get("chain")
    return PolicyTarget(
        priority=_code(Priority, raw.get("priority"), "no_such_priority"),
        clock=_code(ClockKind, raw.get("clock"), "no_such_clock"),
        target_seconds=_whole(raw.get("target_seconds"), "bad_target", low=1, high=TEN_YEARS_SECONDS),
        calendar_key=_calendar(raw.get("calendar"), known),
        warn=tuple(sorted(set(warn))),
        chain=_name(chain) if chain is not None else None,
        pauses_for_third_party=raw.get("pauses_for_third_party") is True,
        pause_cap_factor=float(factor),
    )


def _chain_errors(policies: list[SlaPolicy], chains: Mapping[str, EscalationChain]) -> Iterator[RowError]:
    """Rows that name a chain nobody knows, or whose target makes the chain's levels fall together (R12)."""
    for number, policy in enumerate(policies):
        for row_number, row in enumerate(policy.rows):
            where = f"policies[{number}].rows[{row_number}]"
            if row.chain is None:
                continue
            if row.chain not in chains:
                yield RowError(where, "no_such_chain", row.chain)
            elif (step := not_later(chains[row.chain], target_seconds=row.target_seconds)) is not None:
                yield RowError(where, "offsets_do_not_increase", named_step(row.chain, step))


def named_step(chain: str, step: ChainLevel) -> str:
    """A step as faults name it, for a person to find."""
    return f"{chain}: {step.level}"


def _twice(where: str, names: list[str]) -> list[RowError]:
    return [RowError(where, "twice", name) for name in sorted({name for name in names if names.count(name) > 1})]


def _only(raw: Mapping[str, Any], allowed: Collection[str]) -> None:
    unknown = sorted(str(name) for name in raw if name not in allowed)
    if unknown:
        raise _Bad("unknown_field", ", ".join(unknown))


def _rows(raw: object, code: str) -> list[Any]:
    if not isinstance(raw, list) or not raw:
        raise _Bad(code)
    return raw


def _list(raw: object) -> list[str]:
    if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
        raise _Bad("not_a_list", raw)
    return raw


def _name(raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip() or len(raw) > 120:
        raise _Bad("bad_name", raw)
    return raw.strip()


def _is_whole(raw: object) -> bool:
    return isinstance(raw, int) and not isinstance(raw, bool)


def _whole(raw: object, code: str, *, low: int, high: int) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or not low <= raw <= high:
        raise _Bad(code, raw)
    return raw


def _offset_seconds(raw: object) -> int | None:
    return None if raw is None else _whole(raw, "bad_offset", low=-TEN_YEARS_SECONDS, high=TEN_YEARS_SECONDS)


def _offset_percent(raw: object) -> int | None:
    return None if raw is None else _whole(raw, "bad_offset", low=-100, high=10_000)


def _after_level_seconds(raw: object) -> int | None:
    return None if raw is None else _whole(raw, "bad_offset", low=1, high=TEN_YEARS_SECONDS)


def _code(codes: type[_Code], raw: object, code: str) -> _Code:
    try:
        return codes(str(raw))
    except ValueError as unknown:
        raise _Bad(code, raw) from unknown


def _one_of(raw: object, known: Collection[str] | None, code: str) -> str | None:
    if raw is None:
        return None
    if known is not None and str(raw) not in known:
        raise _Bad(code, raw)
    return str(raw)


def _calendar(raw: object, known: KnownNames) -> str:
    if not isinstance(raw, str) or (known.calendars is not None and raw not in known.calendars):
        raise _Bad("no_such_calendar", raw)
    return raw


def _posts(raw: object, known: KnownNames, *, is_needed: bool) -> tuple[str, ...]:
    """A step that names no post cannot be saved (R19)."""
    posts = tuple(post.strip() for post in str(raw or "").split("|") if post.strip())
    if is_needed and not posts:
        raise _Bad("no_post")
    unknown = [post for post in posts if known.posts is not None and post not in known.posts]
    if unknown:
        raise _Bad("no_such_post", ", ".join(unknown))
    return posts
