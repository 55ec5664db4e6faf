"""The shapes that outside programs rely on: fields may be added, never taken away or given another meaning."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

from app.web.api.directory_bodies import BothLanguages
from app.web.api.instants import Instant
from app.web.api.reading import Body, Said, TypedWords
from tickets.states import OutboundChannel


class FieldError(BaseModel):
    field: str
    code: str
    message: str


class Problem(BaseModel):
    """RFC 9457, as `application/problem+json`."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError]
    request_id: str


class NewTicket(Body):
    """A matter to be opened; `place` is free text, `unit` a unit's code, and one of them decides where it goes."""

    subject: Said = Field(max_length=200)
    body: Said = Field(max_length=20_000)
    channel: Literal["api"] = "api"
    phone: str | None = Field(default=None, pattern=r"^\+?[0-9][0-9 .()-]{2,30}$")
    name: TypedWords | None = Field(default=None, max_length=200)
    email: str | None = Field(default=None, max_length=254, pattern=r"^[!-?A-~]+@[!-?A-~]+$")
    locale: Literal["vi", "en"] = "vi"
    place: TypedWords | None = Field(default=None, max_length=900)
    unit: TypedWords | None = Field(default=None, max_length=20)
    category: TypedWords | None = Field(default=None, max_length=100)
    procedure: TypedWords | None = Field(default=None, max_length=40)
    dossier: str | None = Field(default=None, pattern=r"^[0-9A-Za-z][0-9A-Za-z./_-]{2,59}$")
    emergency: bool = False


class UnitShort(BaseModel):
    code: str | None
    name: str


class Reason(BaseModel):
    code: str
    text: BothLanguages
    params: dict[str, Any]


class Routing(BaseModel):
    reasons: list[Reason]


class ClockOut(BaseModel):
    kind: str
    cycle: int
    state: str
    due_at: str | None
    stopped_at: str | None
    # Once it is set, nothing changes it: the promise was broken then, whatever date it has now.
    first_breach_at: str | None


class AttemptOut(BaseModel):
    """One way by which somebody was tried; `why` is the code of what stopped it."""

    to: str
    post: str
    method: str
    state: Literal["planned", "sent", "delivered", "read", "acknowledged", "failed", "suppressed", "withdrawn"]
    at: str
    why: str


class PersonTonight(BaseModel):
    """Somebody who stands on a level, and the way tried first; unverified ones are used only where nothing else is."""

    name: str
    post: str
    method: Literal["sms", "voice", "email"] | None
    verified: bool


class LevelTonightOut(BaseModel):
    """`why`: nobody stands there, told_above (a higher level is told), no_way leads to them, or the unit is not live.

    `told_at`: when the message would leave, in hours in which it may reach them.
    """

    chain: str
    level: int
    at: str
    told_at: str
    people: list[PersonTonight]
    reached: bool
    why: Literal["", "nobody", "told_above", "no_way", "received_by_city"]


class TonightOut(BaseModel):
    levels: list[LevelTonightOut]


class EscalationOut(BaseModel):
    id: int
    level: int
    clock: str
    planned_at: str
    fired_at: str
    result: str
    acknowledged_at: str | None
    instruction: str | None
    # Only when an attempt was delivered, read or answered.
    reached: bool
    attempts: list[AttemptOut]


class AppealOut(BaseModel):
    """`case` is the appeal's own ticket; `due_at` the date first promised, which no interim answer moves."""

    case: str
    opened_at: str
    due_at: str | None
    expected_at: str | None
    outcome: Literal["upheld", "changed", "redo"] | None
    decided_at: str | None


class NewAppeal(Body):
    """Why the citizen disagrees with the result."""

    text: Said = Field(max_length=10_000)


class TicketOut(BaseModel):
    reference: str
    subject: str
    body: str
    status: str
    disposition: str | None
    unit: UnitShort
    queue: str
    priority: str
    channel: str
    category: str | None
    procedure: str | None
    dossier: str | None
    opened_at: str
    resolved_at: str | None
    routing: Routing
    clocks: list[ClockOut]
    level: int
    escalations: list[EscalationOut]
    # What an interim answer told the citizen to expect; the clocks keep the promised date.
    expected_at: str | None
    # The last appeal against its result.
    appeal: AppealOut | None
    # The ticket whose answer is this one's too, and those that wait for this one's answer; only what the token may see.
    master: str | None
    duplicates: list[str]


class MasterOf(Body):
    """`master` is the reference of the ticket that is answered for both; without it `reason` says why no longer."""

    master: TypedWords | None = Field(default=None, max_length=20)
    reason: TypedWords = Field(default="", max_length=1000)


class Warned(BaseModel):
    """Something given that could not be used, though the ticket was opened."""

    field: str
    code: str
    message: str


class OpenedTicket(TicketOut):
    """The only time the PIN is told; a repeated request with the same Idempotency-Key is told it again."""

    pin: str
    warnings: list[Warned]


class TicketItem(BaseModel):
    reference: str
    subject: str
    status: str
    unit: UnitShort
    queue: str
    priority: str
    opened_at: str
    due_at: str | None
    level: int


class TicketList(BaseModel):
    items: list[TicketItem]
    next: str | None


class TicketChange(Body):
    """What may be set from outside, with the reason; a field left out stays as it is."""

    priority: Literal["emergency", "urgent", "normal"] | None = None
    category: TypedWords | None = Field(default=None, max_length=100)
    reason: Said = Field(max_length=1000)


class NewMessage(Body):
    """`reply` goes to the citizen by their channel; `note` stays inside; `citizen` is what the citizen said to you.

    After an answer, a citizen's words that it is not solved open the ticket again.
    """

    kind: Literal["reply", "note", "citizen"]
    body: Said = Field(max_length=20_000)
    # With a reply: an interim answer that says by when to expect the rest.
    expected_at: Instant | None = None
    # With a reply: also to everybody whose request is answered with this one; name nobody in it then.
    to_duplicates: bool = False


class MessageItem(BaseModel):
    id: int
    direction: str
    channel: str
    body: str
    at: str


class MessageList(BaseModel):
    items: list[MessageItem]
    next: str | None


class TimelineItem(BaseModel):
    id: int
    at: str
    kind: str
    actor: str
    public: bool
    body: str
    params: dict[str, Any]


class TimelineList(BaseModel):
    items: list[TimelineItem]
    next: str | None


class Resolve(Body):
    """End it with an answer to the citizen."""

    to: Literal["resolved"]
    text: Said = Field(max_length=4000)
    disposition: Literal["answered", "fixed", "refused", "other_law", "unreachable"]


class Hold(Body):
    """Wait until `wake_at` for the citizen, who is sent `text` as a question, or for somebody else."""

    to: Literal["pending_citizen", "pending_third_party"]
    text: Said = Field(max_length=4000)
    wake_at: Instant


class Move(Body):
    """Take it up, or again; or set it aside. `text` is the reason."""

    to: Literal["open", "withdrawn", "spam"]
    text: Said = Field(max_length=1000)


class Transition(RootModel[Annotated[Resolve | Hold | Move, Field(discriminator="to")]]):
    """One move of the ticket, by where it goes."""


class EscalationItem(EscalationOut):
    reference: str
    unit: UnitShort


class EscalationList(BaseModel):
    items: list[EscalationItem]
    next: str | None
    # Of one person's desk: how many wait for their answer, as their page and menu say; None for other lists.
    count: int | None = None


class AcknowledgeBody(Body):
    by: TypedWords | None = Field(default=None, max_length=254)
    instruction: TypedWords = Field(default="", max_length=2000)
    new_due_at: Instant | None = None


class LetterOutage(BaseModel):
    """`since` and `until`: when the first and the last message of it was written."""

    channel: str
    since: str
    until: str
    letters: int
    codes: list[str]


class LetterOutageList(BaseModel):
    items: list[LetterOutage]


class OutageAgainBody(Body):
    since: Instant
    until: Instant
    channel: OutboundChannel | None = None


class OutageSentAgain(BaseModel):
    letters: int


class Figures(BaseModel):
    """Figures with the stretch of time they were counted over."""

    from_at: str
    to_at: str
    figures: dict[str, Any]
    rows: list[dict[str, Any]]
