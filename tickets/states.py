"""The codes a row may carry: one word, one meaning, as the vocabulary has them; their words: `app/wording/`."""

from enum import StrEnum

# The languages we speak; the first is spoken to whoever chose none.
LOCALES = ("vi", "en")


class TicketStatus(StrEnum):
    NEW = "new"
    OPEN = "open"
    PENDING_CITIZEN = "pending_citizen"
    PENDING_THIRD_PARTY = "pending_third_party"
    RESOLVED = "resolved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    SPAM = "spam"


# Waiting for somebody else: for the citizen, or for a third party.
PENDING = (TicketStatus.PENDING_CITIZEN, TicketStatus.PENDING_THIRD_PARTY)
UNFINISHED = (TicketStatus.NEW, TicketStatus.OPEN, *PENDING)


class Priority(StrEnum):
    EMERGENCY = "emergency"
    URGENT = "urgent"
    NORMAL = "normal"


class ReadField(StrEnum):
    """What is read from a matter's words, and put right by a person where it was read wrongly."""

    DANGER = "danger"
    CONDUCT = "conduct"
    CATEGORY = "category"
    PLACE = "place"
    NOISE = "noise"
    PRAISE = "praise"


class Channel(StrEnum):
    """By which door a contact came, and by which door we answer."""

    VOICE = "voice"
    SMS = "sms"
    WEB = "web"
    API = "api"
    MANUAL = "manual"


class Level(StrEnum):
    WARD = "ward"
    CITY = "city"


class Disposition(StrEnum):
    ANSWERED = "answered"
    FIXED = "fixed"
    REFUSED = "refused"
    OTHER_LAW = "other_law"
    DUPLICATE = "duplicate"
    UNREACHABLE = "unreachable"


class AppealOutcome(StrEnum):
    """What the body above decides about the result of a closed ticket."""

    UPHELD = "upheld"
    # The body above gives another result itself.
    CHANGED = "changed"
    # The unit has to do it again.
    REDO = "redo"


class UnitKind(StrEnum):
    CITY = "city"
    OFFICE = "office"
    DEPARTMENT = "department"
    WARD = "ward"
    COMMUNE = "commune"
    TOWNSHIP = "township"
    SPECIAL_ZONE = "special_zone"
    ONE_STOP_CENTRE = "one_stop_centre"
    EXTERNAL = "external"
    DISTRICT = "district"
    PROVINCE = "province"


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    LEADER = "leader"
    CITY_OFFICE = "city_office"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class QueueKind(StrEnum):
    WORK = "work"
    TRIAGE = "triage"
    CONDUCT = "conduct"


class ClockKind(StrEnum):
    ACCEPT = "accept"
    FIRST = "first"
    NEXT = "next"
    UPDATE = "update"
    RESOLVE = "resolve"
    # Clocks of a dispute of competence and of an appeal run on the same machinery.
    DISPUTE = "dispute"
    APPEAL = "appeal"


class ClockStatus(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"


class StepKind(StrEnum):
    WARNING = "warning"
    LEVEL = "level"


class StepResult(StrEnum):
    """What came of a planned step when its time was there (R14–R16, R19)."""

    NOTIFIED = "notified"
    SUPERSEDED = "superseded"
    MERGED = "merged"
    VOID = "void"
    NOBODY = "nobody"


class TimelineKind(StrEnum):
    OPENED = "opened"
    ROUTED = "routed"
    MESSAGE_IN = "message_in"
    MESSAGE_OUT = "message_out"
    NOTE = "note"
    CALL = "call"
    CLAIMED = "claimed"
    ASSIGNED = "assigned"
    TRANSFERRED = "transferred"
    RETURNED = "returned"
    STATUS = "status"
    HELD = "held"
    WOKEN = "woken"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CHANGED = "changed"
    DUE_CHANGED = "due_changed"
    WARNED = "warned"
    BREACHED = "breached"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    ATTACHED = "attached"
    CONTACT = "contact"
    NOT_SOLVED = "not_solved"
    RATED = "rated"
    RESTRICTED = "restricted"


class CatalogueStage(StrEnum):
    """How far a procedure has come in the catalogue, in this order."""

    ANNOUNCED = "announced"
    PROPOSED = "proposed"
    PUBLISHED = "published"
    INTERNAL = "internal"
    ELECTRONIC = "electronic"
    NATIONAL = "national"


class NightResult(StrEnum):
    """What became of a call of the night check; a person is who presses the key."""

    ANSWERED = "answered"
    # Whoever answered says that this is not the unit.
    WRONG = "wrong"
    RANG_OUT = "rang_out"
    BUSY = "busy"
    MACHINE = "machine"
    NO_KEY = "no_key"
    # The carrier could not reach the number.
    UNREACHABLE = "unreachable"
    # It was ours not to call: it counts for nothing.
    NOT_CALLED = "not_called"


class ActorKind(StrEnum):
    CITIZEN = "citizen"
    STAFF = "staff"
    SYSTEM = "system"
    TOKEN = "token"  # noqa: S105  (a program with an API token)


class OutboundChannel(StrEnum):
    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"
    SCREEN = "screen"


class SendingKind(StrEnum):
    """What a budget counts: texts, calls by which a promise to call back is kept, and other calls to citizens."""

    SMS = "sms"
    CALLBACK = "callback"
    CALL = "call"


class BudgetScope(StrEnum):
    """Whom a budget is for: one number, the ten thousand numbers that differ in their last four digits, or all."""

    NUMBER = "number"
    RANGE = "range"
    ALL = "all"


class OutboundState(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    # Not sent on purpose: the citizen opted out, or a newer message took its place.
    SUPPRESSED = "suppressed"
    # A voice call whose claim went stale is shown to a person instead of being dialled twice.
    UNCERTAIN = "uncertain"


class AttemptState(StrEnum):
    """How far an attempt to tell a person of a level came; the last three end it."""

    PLANNED = "planned"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    WITHDRAWN = "withdrawn"


# Somebody has it: only these are told to the citizen, and only these end the search for further people (A3).
ARRIVED = frozenset({AttemptState.DELIVERED, AttemptState.READ, AttemptState.ACKNOWLEDGED})


class NotHeard(StrEnum):
    """Why a call of ours has not arrived although the carrier took it: it may ring again."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CALL_FAILED = "call_failed"
    MACHINE = "machine"
    NO_KEY = "no_key"
    HUNG_UP = "hung_up"


class CanaryStage(StrEnum):
    """The parts of the way that the hourly trial goes, in their order (R26)."""

    FIRED = "fired"
    SENT = "sent"
    DELIVERED = "delivered"


class PlaceOutcome(StrEnum):
    UNIQUE = "unique"
    SPLIT = "split"
    AMBIGUOUS = "ambiguous"
    NONE = "none"


class CallState(StrEnum):
    GREETING = "greeting"
    MENU = "menu"
    PLACE = "place"
    QUEUED = "queued"
    OFFERED = "offered"
    TALKING = "talking"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    STATUS = "status"
    FAILSAFE = "failsafe"
    ENDED = "ended"


class PresenceState(StrEnum):
    OFFLINE = "offline"
    AVAILABLE = "available"
    OFFERED = "offered"
    ON_CALL = "on_call"
    WRAP_UP = "wrap_up"
    AWAY = "away"
    CALLING_BACK = "calling_back"


class TelephoneKind(StrEnum):
    """By which telephone an agent talks."""

    BROWSER = "browser"
    SIP = "sip"
    NUMBER = "number"


class ProtocolKind(StrEnum):
    """What somebody on the line is in danger of; each has a card that says what to say and do."""

    THREAT = "threat"
    SUICIDE = "suicide"
    VIOLENCE = "violence"
    CHILD = "child"


class OfferPurpose(StrEnum):
    """A caller to be answered, or a colleague who asks to speak with one first."""

    CALL = "call"
    CONSULT = "consult"


class OfferOutcome(StrEnum):
    ANSWERED = "answered"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class CallbackState(StrEnum):
    """Dialling is our own turn: an agent is kept free while the person's telephone rings."""

    OPEN = "open"
    CLAIMED = "claimed"
    DIALLING = "dialling"
    DONE = "done"
    CLOSED = "closed"


class CallbackReason(StrEnum):
    REQUESTED = "requested"
    MISSED = "missed"
    NOBODY_ON_DUTY = "nobody_on_duty"
    DROPPED = "dropped"


class RecordingKind(StrEnum):
    VOICEMAIL = "voicemail"
    CONVERSATION = "conversation"
    PLACE = "place"


class RecordingState(StrEnum):
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FETCHED = "fetched"
    ABSENT = "absent"
    FAILED = "failed"


class DraftForm(StrEnum):
    """Forms whose unsent words are kept on the server. Of a ticket's forms, by the name of what they do."""

    NEW = "new"
    REPLY = "reply"
    NOTE = "note"
    HEARD = "heard"
    TRANSFER = "transfer"
    RETURN = "return"
    THIRD_PARTY = "third-party"
    REOPEN = "reopen"
    SET_ASIDE = "set-aside"
    CLEAR = "clear"
    PRIORITY = "priority"
    PLACE = "place"
    DOSSIER = "dossier"
    ELSEWHERE = "elsewhere"
    PHONE = "phone"
    LINK = "link"
    UNLINK = "unlink"
    ARBITRATE = "arbitrate"
    INSTRUCTED = "instructed"
    WRAP_UP = "wrap-up"
    INSTRUCTION = "instruction"
    # Of people's own pages, which show them themselves.
    OWN_LEAVE = "own-leave"
    LEAVE = "leave"
    ROTATION = "rotation"
    TURN = "turn"
    CHANGED_TURN = "changed-turn"
    DELEGATION = "delegation"
    MAINTENANCE = "maintenance"
    DAYS_OFF = "days-off"
    RETIRING = "retiring"
    CLOCKS = "clocks"
    INCIDENT = "incident"
    GUIDANCE = "guidance"
    CHANGED_GUIDANCE = "changed-guidance"


class SwapState(StrEnum):
    """What became of the question whether somebody takes another's turn of duty."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class GuidanceState(StrEnum):
    """How far a guidance has come: only what is issued is shown, said and sent."""

    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    ISSUED = "issued"
    WITHDRAWN = "withdrawn"


class GuidanceUseKind(StrEnum):
    """Where a guidance was before somebody: beside a ticket or call, on its public page, in a caller's ear."""

    BESIDE = "beside"
    PUBLIC = "public"
    SPOKEN = "spoken"


class ProblemState(StrEnum):
    """What became of an accumulation that was proposed as a problem."""

    PROPOSED = "proposed"
    OPEN = "open"
    CLOSED = "closed"
    DISMISSED = "dismissed"
