"""The promises in force as a file that `import policies` reads: policies by code, chains with their newest steps."""

from typing import Any

import yaml
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tickets.promises.loading import load_rulebook
from tickets.promises.plan import TRIAL
from tickets.promises.policy import PolicyTarget, SlaPolicy
from tickets.promises.policy_file import step_mapping
from tickets.schema import PolicyVersion, Unit
from tickets.schema.promise import Policy as PolicyRecord


def policies_as_yaml(session: Session) -> str:
    book = load_rulebook(session)
    # Loaded policies name units by id; a file names them by the code of today.
    codes = {
        str(unit_id): code
        for unit_id, code in session.execute(
            select(Unit.id, Unit.code).where(Unit.valid_to.is_(None), Unit.code.is_not(None))
        )
    }
    newest = {loaded.chain.name: loaded.chain for _, loaded in sorted(book.chains.items())}
    # Set up by itself, wherever the file is brought in.
    newest.pop(TRIAL, None)
    document = {
        "policies": [*(_policy(policy, codes) for policy in book.policies), *_retired(session)],
        "chains": [
            {"name": chain.name, "steps": [step_mapping(step) for step in chain.steps]} for chain in newest.values()
        ],
    }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)


def _policy(policy: SlaPolicy, codes: dict[str, str | None]) -> dict[str, Any]:
    match = {
        "category": policy.match.category,
        "level": policy.match.level.value if policy.match.level else None,
        "unit": codes.get(policy.match.unit or ""),
        "channel": policy.match.channel.value if policy.match.channel else None,
    }
    told: dict[str, Any] = {
        "name": policy.name,
        "match": {name: value for name, value in match.items() if value is not None},
        "rows": [_row(row) for row in policy.rows],
    }
    return told | ({"legal_basis": policy.legal_basis} if policy.legal_basis else {})


def _retired(session: Session) -> list[dict[str, Any]]:
    """Policies none of whose versions is in force any more."""
    last = func.max(PolicyVersion.retired_at)
    statement = (
        select(PolicyRecord.name, last)
        .join(PolicyVersion, PolicyVersion.policy_id == PolicyRecord.id)
        .where(PolicyRecord.name != TRIAL)
        .group_by(PolicyRecord.name)
        .having(func.count() == func.count(PolicyVersion.retired_at))
        .order_by(PolicyRecord.name)
    )
    return [
        {"name": name, "retired": True, "retired_at": retired_at.isoformat(timespec="seconds")}
        for name, retired_at in session.execute(statement)
        if retired_at is not None
    ]


def _row(row: PolicyTarget) -> dict[str, Any]:
    told: dict[str, Any] = {
        "priority": row.priority.value,
        "clock": row.clock.value,
        "target_seconds": row.target_seconds,
        "calendar": row.calendar_key,
        "warn": list(row.warn),
        "chain": row.chain,
        "pauses_for_third_party": row.pauses_for_third_party,
        "pause_cap_factor": row.pause_cap_factor,
    }
    return {name: value for name, value in told.items() if value is not None}
