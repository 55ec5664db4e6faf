"""The provider's requests as they came, each with the answer it got: the same request again gets the same answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from telephony.provider.event_keys import event_key
from tickets.schema import RULES_VERSION, WebhookEvent, WebhookRefusal

# A provider's repetition after a month must still find its first answer (G2).
EVENT_KEPT_FOR = timedelta(days=45)
# Keys may be somebody's PIN, and a text may name one: what they led to stands with the call and the message itself.
_NOT_KEPT = frozenset({"keys", "body"})


@dataclass(frozen=True, slots=True)
class Webhook:
    """A verified request: `kind` is the last part of its path, `query` what we had put into its address ourselves.

    `held` counts how often its caller has been asked to hold the line because this could not be answered.
    """

    account: str
    kind: str
    form: Mapping[str, str]
    query: Mapping[str, str]
    held: int = 0

    @property
    def key(self) -> str:
        return event_key(self.kind, self.form, self.query)

    @property
    def turn(self) -> int | None:
        turn = self.query.get("turn", "")
        return int(turn) if turn.isascii() and turn.isdecimal() and len(turn) < 7 else None


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    status: int
    body: str


_EVENTS = WebhookEvent.__table__
# Made once: every webhook sends both, and making them anew took longer than the database needs for them.
TAKE_EVENT = (
    upsert(_EVENTS)
    .values(
        account=bindparam("account"),
        kind=bindparam("kind"),
        event_key=bindparam("event_key"),
        received_at=bindparam("received_at"),
        form=bindparam("form"),
        replayed_at=bindparam("replayed_at"),
    )
    .on_conflict_do_nothing(index_elements=["account", "event_key"])
    .returning(_EVENTS.c.id)
)
# Asked along: by which version of the rules this request is judged, without a journey of its own.
_TAKE = TAKE_EVENT.returning(RULES_VERSION.label("version"))
KEEP_ANSWER = (
    update(_EVENTS)
    .where(_EVENTS.c.id == bindparam("event_id"))
    .values(answer_status=bindparam("status"), answer_body=bindparam("body"))
)


def answer_once(
    session: Session,
    webhook: Webhook,
    answer: Callable[[int | None], WebhookAnswer],
    *,
    received_at: datetime,
    replayed_at: datetime | None = None,
) -> WebhookAnswer:
    """Act on a request unless it has been acted upon; then its first answer again.

    `answer` is handed the version of the rules in force.

    A second copy that arrives meanwhile waits on the unique index until the first has committed, and is then answered
    from its row.
    """
    taken = fields_taken(webhook, received_at=received_at, replayed_at=replayed_at)
    event = session.execute(_TAKE, taken).one_or_none()
    if event is None:
        return first_answer(session, webhook)
    given = answer(event.version)
    keep_answer(session, event.id, given)
    return given


def fields_taken(webhook: Webhook, *, received_at: datetime, replayed_at: datetime | None = None) -> dict[str, Any]:
    """What is written of a request when it is taken."""
    return {
        "account": webhook.account,
        "kind": webhook.kind,
        "event_key": webhook.key,
        "received_at": received_at,
        "form": {name: told for name, told in webhook.form.items() if name not in _NOT_KEPT},
        "replayed_at": replayed_at,
    }


def keep_answer(session: Session, event_id: int, given: WebhookAnswer) -> None:
    session.execute(KEEP_ANSWER, {"event_id": event_id, "status": given.status, "body": given.body})


def first_answer(session: Session, webhook: Webhook) -> WebhookAnswer:
    """What this very request was answered when it first came."""
    row = session.execute(
        select(WebhookEvent.answer_status, WebhookEvent.answer_body).where(
            WebhookEvent.account == webhook.account, WebhookEvent.event_key == webhook.key
        )
    ).one()
    return WebhookAnswer(row.answer_status or 200, row.answer_body or "")


def was_answered_otherwise(
    session: Session, webhook: Webhook, said: WebhookAnswer, *, received_at: datetime, replayed_at: datetime
) -> bool:
    """Whether this very request was acted upon too late, when its sender had been told `said`; that is noted now.

    A database that was frozen may still finish, minutes later, what nobody waited for any more.
    """
    noted = session.execute(
        update(WebhookEvent)
        .where(
            WebhookEvent.account == webhook.account,
            WebhookEvent.event_key == webhook.key,
            WebhookEvent.received_at == received_at,
            WebhookEvent.replayed_at.is_(None),
        )
        .values(replayed_at=replayed_at, answer_status=said.status, answer_body=said.body)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(noted, "rowcount", 0))


def refuse(session: Session, *, account: str, path: str, reason: str, now: datetime) -> None:
    """Note a request we did not believe, without its content, for the administrator's log."""
    session.execute(insert(WebhookRefusal), {"at": now, "account": account[:100], "path": path[:300], "reason": reason})


def forget_old_events(session: Session, *, now: datetime) -> int:
    """Remove what no provider repeats any more."""
    gone = session.execute(delete(WebhookEvent).where(WebhookEvent.received_at < now - EVENT_KEPT_FOR))
    session.execute(delete(WebhookRefusal).where(WebhookRefusal.at < now - EVENT_KEPT_FOR))
    return int(getattr(gone, "rowcount", 0))
