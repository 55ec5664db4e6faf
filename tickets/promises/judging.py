"""What is wrong with a file of rules in the city as it stands: rules that would quietly do nothing, or promise nothing.

`policy_file` judges each row by itself; here it is seen beside the rules in force and the posts there are.
"""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from tickets.file_errors import RowError
from tickets.promises.loading import PromiseRulebook
from tickets.promises.plan import (
    CITY_LEADER_LEVEL,
    HIGHEST_LEVEL,
    RESPONSIBLE_LEADER,
    EscalationChain,
    not_later,
)
from tickets.promises.policy import PolicySet, SlaPolicy
from tickets.promises.policy_file import named_step
from tickets.promises.retiring import Categories, category_lines, covers, leaves_gap
from tickets.schema.directory import Unit
from tickets.schema.staff import Post
from tickets.states import ClockKind, Priority

# Taking a ticket and answering again end below the city's leaders; the Chair's list is for what is not solved (R12).
_HIGHEST = {
    ClockKind.ACCEPT: CITY_LEADER_LEVEL - 1,
    ClockKind.NEXT: CITY_LEADER_LEVEL - 1,
    ClockKind.FIRST: CITY_LEADER_LEVEL,
    ClockKind.UPDATE: CITY_LEADER_LEVEL,
    ClockKind.RESOLVE: HIGHEST_LEVEL,
    ClockKind.APPEAL: CITY_LEADER_LEVEL,
    ClockKind.DISPUTE: CITY_LEADER_LEVEL,
}


def faults_beside(session: Session, book: PromiseRulebook, wanted: PolicySet) -> list[RowError]:
    """Every reason why a file without errors of its own may not be brought in."""
    kinds = category_lines(book)
    faults = [RowError("policies", "leaves_gap")] if leaves_gap(book.policies, wanted, kinds) else []
    after = policies_after(book.policies, wanted)
    faults += [RowError("policies", "no_emergency", name) for name in _without_emergency(after, wanted, kinds)]
    chains = {**chains_in_force(book), **{chain.name: chain for chain in wanted.chains}}
    faults += _chain_faults(after, wanted, chains)
    faults += _posts_not_there(session, after, wanted, chains)
    return faults


def chains_in_force(book: PromiseRulebook) -> dict[str, EscalationChain]:
    """The newest version of each chain by its name."""
    return {loaded.chain.name: loaded.chain for _, loaded in sorted(book.chains.items())}


def policies_after(in_force: Sequence[SlaPolicy], wanted: PolicySet) -> list[SlaPolicy]:
    """The policies once the file is in force, oldest first."""
    gone = {policy.name for policy in wanted.policies} | {one.name for one in wanted.retired}
    return [*(policy for policy in in_force if policy.name not in gone), *wanted.policies]


def _without_emergency(after: Sequence[SlaPolicy], wanted: PolicySet, kinds: Categories) -> Iterator[str]:
    """Policies that speak of a clock, while nothing says what it is in an emergency of the same matters."""
    names = {policy.name for policy in wanted.policies}
    for policy in after:
        clocks = {row.clock for row in policy.rows}
        said = {
            row.clock
            for other in after
            if covers(other.match, policy.match, kinds)
            for row in other.rows
            if row.priority is Priority.EMERGENCY
        }
        if policy.name in names and clocks - said:
            yield f"{policy.name}: {', '.join(sorted(clocks - said))}"


def _chain_faults(
    after: Sequence[SlaPolicy], wanted: PolicySet, chains: Mapping[str, EscalationChain]
) -> Iterator[RowError]:
    """Rows, of the file or in force, whose chain climbs too high for the clock, or climbs no more by its new steps."""
    new_policies, new_chains = {p.name for p in wanted.policies}, {c.name for c in wanted.chains}
    for policy in after:
        for row in policy.rows:
            chain = chains.get(row.chain or "")
            if chain is None or not (policy.name in new_policies or chain.name in new_chains):
                continue
            where = f"{policy.name}: {row.priority}/{row.clock}"
            too_high = next((step for step in chain.steps if step.level > _HIGHEST[row.clock]), None)
            if too_high is not None:
                yield RowError(where, "climbs_too_high", named_step(chain.name, too_high))
            falling = not_later(chain, target_seconds=row.target_seconds)
            if policy.name not in new_policies and falling is not None:
                yield RowError(where, "offsets_do_not_increase", named_step(chain.name, falling))


def _posts_not_there(
    session: Session, after: Sequence[SlaPolicy], wanted: PolicySet, chains: Mapping[str, EscalationChain]
) -> Iterator[RowError]:
    """Steps of a unit's own promise that nobody can ever stand on: neither it, nor what is above it, has the post."""
    new_policies, new_chains = {p.name for p in wanted.policies}, {c.name for c in wanted.chains}
    for policy in after:
        climbed = {row.chain for row in policy.rows if row.chain is not None}
        judged = climbed if policy.name in new_policies else climbed & new_chains
        if policy.match.unit is None or not judged:
            continue
        # In force, a policy names its unit by id.
        is_unit = Unit.code == policy.match.unit if policy.name in new_policies else Unit.id == int(policy.match.unit)
        there = _posts_of(session, is_unit)
        for name in sorted(judged):
            for step in chains[name].steps:
                if not there & {*step.posts, *step.procedure_posts}:
                    yield RowError(policy.name, "unit_lacks_post", f"{named_step(name, step)}: {'|'.join(step.posts)}")


def _posts_of(session: Session, is_unit: ColumnElement[bool]) -> set[str]:
    """Posts at a unit and above it, and those that a city's body has: whoever `standing` may ask."""
    line = select(Unit.id, Unit.parent_id).where(is_unit, Unit.valid_to.is_(None)).cte("line", recursive=True)
    line = line.union(select(Unit.id, Unit.parent_id).join(line, line.c.parent_id == Unit.id))
    of_the_city = select(Unit.id).where(Unit.kind.in_(("city", "office")), Unit.valid_to.is_(None))
    here = Post.unit_id.in_(select(line.c.id)) | Post.unit_id.in_(of_the_city)
    # Who leads the city in a field or an area is a decision, not a post.
    return {RESPONSIBLE_LEADER, *session.scalars(select(Post.code).distinct().where(here))}
