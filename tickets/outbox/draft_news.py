"""A draft of a rule goes to those who may let it hold: among their own drafts, and as a notice."""

from datetime import datetime

from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory.standing import Person
from tickets.directory.standing_rows import administrators
from tickets.outbox.posting import Outgoing, post_all
from tickets.people.actor import Actor
from tickets.people.roles import Viewer
from tickets.promises.rule_drafts import DraftOf, TypedRule, keep_draft, kept_draft
from tickets.states import OutboundChannel

HANDED_OVER = "draft_handed_over"


def hand_over_draft(
    session: Session, of: DraftOf, typed: TypedRule, *, by: Viewer, actor: Actor, now: datetime
) -> list[DraftOf]:
    """The drafts it became, one an administrator. Whoever is writing the same rule keeps what they have."""
    name = typed.fields.get("name", "")
    to = [one for one in administrators(session, now=now) if one.staff_id != of.staff_id]
    given = [one for one in to if kept_draft(session, DraftOf(one.staff_id, of.kind, of.rule_id)) is None]
    for one in given:
        keep_draft(session, DraftOf(one.staff_id, of.kind, of.rule_id), typed, now=now)
    if not given:
        return []
    entries.record(
        session, actor=actor, action="rule.draft_handed_over", subject_kind="rule_draft", subject_id=of.rule_id,
        params={"name": name}, now=now,
    )  # fmt: skip
    post_all(session, [message for one in given for message in _news(one, of, name=name, by=by, now=now)], now=now)
    return [DraftOf(one.staff_id, of.kind, of.rule_id) for one in given]


def _news(to: Person, of: DraftOf, *, name: str, by: Viewer, now: datetime) -> list[Outgoing]:
    return [
        Outgoing(
            channel=channel,
            address=to.email if channel is OutboundChannel.EMAIL else "",
            template=HANDED_OVER,
            params={"name": name, "by": by.name},
            locale=to.locale,
            dedup_key=f"draft:{of.staff_id}:{of.kind}:{of.rule_id}:{now.isoformat()}:{to.staff_id}:{channel}",
            staff_id=to.staff_id,
        )
        for channel in (OutboundChannel.SCREEN, OutboundChannel.EMAIL)
    ]
