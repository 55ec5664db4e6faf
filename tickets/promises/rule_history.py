"""All versions of a chain or a policy, each with who published it and when (R21)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.errors import NotFound
from tickets.promises.loading import load_rulebook
from tickets.promises.plan import EscalationChain
from tickets.promises.policy import Match, SlaPolicy
from tickets.promises.rule_versions import Versioned
from tickets.schema import Category, Staff, Unit
from tickets.schema.promise import Chain, ChainVersion, Policy, PolicyRow, PolicyVersion

_Rule = TypeVar("_Rule", EscalationChain, SlaPolicy)


@dataclass(frozen=True, slots=True)
class RulePast(Generic[_Rule]):
    """A rule with its versions, the newest first."""

    name: str
    versions: Sequence[tuple[Versioned, _Rule]]

    @property
    def newest(self) -> int:
        return self.versions[0][0].version

    def at(self, version: int | None) -> _Rule:
        """A version, or the newest. Raises NotFound for one there never was."""
        for versioned, rule in self.versions:
            if version in (None, versioned.version):
                return rule
        raise NotFound("rule_version", str(version))


def chain_past(session: Session, chain_id: int) -> RulePast[EscalationChain]:
    """Raises NotFound for a chain there is not."""
    chain = session.get(Chain, chain_id)
    if chain is None:
        raise NotFound("chain", chain_id)
    book = load_rulebook(session)
    rows = session.execute(
        select(ChainVersion, Staff.name)
        .outerjoin(Staff, Staff.id == ChainVersion.created_by_id)
        .where(ChainVersion.chain_id == chain_id)
        .order_by(ChainVersion.version.desc())
    )
    versions = [
        (Versioned(chain.id, row.version, row.created_at, by or ""), book.chains[row.id].chain) for row, by in rows
    ]
    return RulePast(chain.name, versions)


def policy_past(session: Session, policy_id: int) -> RulePast[SlaPolicy]:
    """Its matches name units by code, as a file does. Raises NotFound for a policy there is not."""
    policy = session.get(Policy, policy_id)
    if policy is None:
        raise NotFound("policy", policy_id)
    book = load_rulebook(session)
    rows = session.execute(
        select(PolicyVersion, Staff.name, Category.code, Unit.code)
        .outerjoin(Staff, Staff.id == PolicyVersion.created_by_id)
        .outerjoin(Category, Category.id == PolicyVersion.category_id)
        .outerjoin(Unit, Unit.id == PolicyVersion.unit_id)
        .where(PolicyVersion.policy_id == policy_id)
        .order_by(PolicyVersion.version.desc())
    )
    versions = []
    for row, by, category, unit in rows:
        ids = session.scalars(select(PolicyRow.id).where(PolicyRow.policy_version_id == row.id).order_by(PolicyRow.id))
        match = Match(category, row.level, unit, row.channel)
        rule = SlaPolicy(policy.name, match, tuple(book.rows[one].row for one in ids), row.legal_basis)
        versions.append((Versioned(policy.id, row.version, row.created_at, by or ""), rule))
    return RulePast(policy.name, versions)
