"""Tables of the people who work here: accounts, roles held at a unit, posts, rotas, sessions and tokens."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, Json, JsonList, coded, to
from tickets.states import OutboundChannel, Role

# As in `tickets/schema/place_names.py`.
STAFF_WORDS = "folded_words((name || ' ') || email)"


class Staff(Base):
    """A person who signs in: agent, supervisor, leader, City Office, administrator or auditor."""

    __tablename__ = "staff"
    __table_args__ = (
        Index("uq_staff_email_given", text("lower(email)"), unique=True, postgresql_where=text("email <> ''")),
        Index("ix_staff_phone", "phone", postgresql_where=text("phone is not null")),
        Index("ix_staff_sort_key_id", "sort_key", "id"),
        Index("ix_staff_words", text(STAFF_WORDS), postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )

    id: Mapped[Id]
    # Empty for whoever has none: they sign in with their telephone number.
    email: Mapped[str]
    name: Mapped[str]
    sort_key: Mapped[str]
    title: Mapped[str] = mapped_column(server_default="")
    phone: Mapped[str | None]
    locale: Mapped[str] = mapped_column(server_default="vi")
    theme: Mapped[str] = mapped_column(server_default="auto")
    # Languages spoken with callers, e.g. ["vi", "en"]: a skill the call queue chooses by.
    languages: Mapped[JsonList] = mapped_column(server_default=text("'[\"vi\"]'"))
    password_hash: Mapped[str | None]
    totp_secret: Mapped[str | None]
    totp_enrolled_at: Mapped[datetime | None]
    # The last accepted TOTP step, so that one code cannot be used twice.
    totp_last_step: Mapped[int | None]
    failed_sign_ins: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None]
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class ContactMethod(Base):
    """A way by which a person is reached: where, in which of their order, in which hours, and whether it is proved.

    Without any, a person's own phone and mail box are used, unproved. `position` orders the ways of a person, 1 first;
    hours are whole hours of the city's day, and both are empty for a way that is always open.
    """

    __tablename__ = "contact_method"
    __table_args__ = (
        UniqueConstraint("staff_id", "kind"),
        CheckConstraint("kind <> 'screen'", name="leaves_the_house"),
        CheckConstraint("from_hour >= 0 and from_hour <= 23 and to_hour >= 1 and to_hour <= 24", name="hours"),
    )

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(to("staff", cascade=True))
    kind: Mapped[OutboundChannel] = mapped_column(coded(OutboundChannel))
    address: Mapped[str]
    position: Mapped[int]
    from_hour: Mapped[int | None]
    to_hour: Mapped[int | None]
    verified_at: Mapped[datetime | None]
    # Of the code that was sent last; it is good for a while and for a few tries.
    code_hash: Mapped[str] = mapped_column(server_default="")
    code_sent_at: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(server_default=text("0"))


class Invitation(Base):
    """That somebody was sent a link by which they enrol: when last, how often, and by which message."""

    __tablename__ = "invitation"

    staff_id: Mapped[int] = mapped_column(to("staff", cascade=True), primary_key=True, autoincrement=False)
    invited_at: Mapped[datetime]
    times: Mapped[int]
    message_id: Mapped[int] = mapped_column(to("outbound_message"), index=True)


class RoleAssignment(Base):
    """That a person holds a role at a unit between two instants; a role at the city covers all units."""

    __tablename__ = "role_assignment"
    __table_args__ = (UniqueConstraint("staff_id", "role", "unit_id", "valid_from"),)

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(to("staff"), index=True)
    role: Mapped[Role] = mapped_column(coded(Role))
    unit_id: Mapped[int] = mapped_column(to("unit"), index=True)
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class Post(Base):
    """A position at a unit that escalation steps name by its code, whoever holds it (e.g. `ward_chair`)."""

    __tablename__ = "post"
    __table_args__ = (UniqueConstraint("unit_id", "code"),)

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(to("unit"))
    code: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str]


class PostHolding(Base):
    """Who holds a post, stands in as its deputy, or is its duty officer, between two dates."""

    __tablename__ = "post_holding"
    __table_args__ = (CheckConstraint("kind in ('holder', 'deputy', 'duty')", name="kind"),)

    id: Mapped[Id]
    post_id: Mapped[int] = mapped_column(to("post"), index=True)
    staff_id: Mapped[int] = mapped_column(to("staff"), index=True)
    kind: Mapped[str]
    valid_from: Mapped[datetime]
    # At or before `valid_from`: it was planned, and taken back before it began.
    valid_to: Mapped[datetime | None]
    decision_no: Mapped[str] = mapped_column(server_default="")


class Responsibility(Base):
    """That a member of the city's leadership answers for a field or an area, with the decision that says so."""

    __tablename__ = "responsibility"
    __table_args__ = (CheckConstraint("field is not null or unit_id is not null", name="field_or_area"),)

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(to("staff"), index=True)
    field: Mapped[str | None]
    unit_id: Mapped[int | None] = mapped_column(to("unit"))
    decision_no: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class WebSession(Base):
    """A signed-in browser; the cookie carries a token of which only the hash is kept."""

    __tablename__ = "web_session"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(unique=True)
    staff_id: Mapped[int] = mapped_column(to("staff", cascade=True), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str] = mapped_column(server_default="")


class OneTimeLink(Base):
    """A secret in a link that does one thing: sign in to the demonstration, enrol, or acknowledge a step."""

    __tablename__ = "one_time_link"
    __table_args__ = (CheckConstraint("purpose in ('demo', 'enrol', 'acknowledge')", name="purpose"),)

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    staff_id: Mapped[int] = mapped_column(to("staff", cascade=True), index=True)
    params: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiToken(Base):
    """A bearer token of a program; it belongs to a unit as a person does."""

    __tablename__ = "api_token"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[JsonList]
    unit_id: Mapped[int] = mapped_column(to("unit"))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
