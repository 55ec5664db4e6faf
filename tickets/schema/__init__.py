"""Every table of the product; import this package to have the metadata complete."""

from tickets.schema.base import Base
from tickets.schema.directory import (
    Category,
    Line,
    OneStopOffice,
    Procedure,
    Queue,
    Unit,
    UnitMembership,
    UnitSuccession,
)
from tickets.schema.promise import (
    Acknowledgement,
    Calendar,
    CalendarVersion,
    Chain,
    ChainStep,
    ChainVersion,
    Clock,
    ClockInterval,
    Holiday,
    PlannedStep,
    Policy,
    PolicyRow,
    PolicyVersion,
    StepRecipient,
)
from tickets.schema.staff import (
    ApiToken,
    OneTimeLink,
    Post,
    PostHolding,
    Responsibility,
    RoleAssignment,
    Shift,
    Staff,
    WebSession,
)
from tickets.schema.telephony import (
    Call,
    CallbackRequest,
    CallLeg,
    InboundSms,
    Offer,
    Presence,
    Recording,
    WebhookEvent,
    WebhookRefusal,
)
from tickets.schema.ticket import (
    Attachment,
    Citizen,
    CitizenPhone,
    Contact,
    Draft,
    ExternalReference,
    IdempotencyKey,
    Message,
    Misroute,
    PhonePreference,
    PinGuard,
    QueueHop,
    Ticket,
    TicketAccess,
    TicketSearch,
    TicketViewer,
    TimelineEntry,
)
from tickets.schema.trust import AuditEntry, AuditSeal, Outage, OutboundMessage, ProcessBeat

__all__ = [
    "Acknowledgement", "ApiToken", "Attachment", "AuditEntry", "AuditSeal", "Base", "Calendar", "CalendarVersion", "Call",
    "CallLeg", "CallbackRequest", "Category", "Chain", "ChainStep", "ChainVersion", "Citizen", "CitizenPhone", "Clock",
    "ClockInterval", "Contact", "Draft", "ExternalReference", "Holiday", "IdempotencyKey", "InboundSms", "Line", "Message",
    "Misroute", "Offer", "OneStopOffice", "OneTimeLink", "Outage", "OutboundMessage", "PhonePreference", "PinGuard",
    "PlannedStep", "Policy", "PolicyRow", "PolicyVersion", "Post", "PostHolding", "Presence", "Procedure", "ProcessBeat",
    "Queue", "QueueHop", "Recording", "Responsibility", "RoleAssignment", "Shift", "Staff", "StepRecipient", "Ticket",
    "TicketAccess", "TicketSearch", "TicketViewer", "TimelineEntry", "Unit", "UnitMembership", "UnitSuccession",
    "WebSession", "WebhookEvent", "WebhookRefusal",
]  # fmt: skip
