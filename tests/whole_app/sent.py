"""What each endpoint that changes something is sent beside what all are: fields, bodies, names in its address."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pyotp
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app.accounts import credentials
from app.seeding.imports import bring_in, take_out
from app.storage.sound_process import telephone_sound
from app.web.administration.chain_form import first_chain
from app.wording.recorded_pieces import words_of_piece
from escalation.acknowledging.links import make_link
from telephony import recorded_prompts
from telephony.floor import consulting, presence, rooms
from telephony.provider.account import ProviderKind
from telephony.provider.account_secrets import AccountSecrets
from telephony.provider.kept_accounts import add_account
from telephony.recorded_prompts import NewRecording
from tests import factories
from tests.app.storage.test_telephone_sound import pcm, tone
from tests.app.web.administration.corrected import WITH_SHORT_FORM, correct
from tests.app.web.office.entries import directory_forms
from tests.app.web.rota.rota_forms import rota_forms
from tests.app.web.steering import Climb
from tests.telephony.provider.account_rows import fields_of
from tests.whole_app.guidance_sent import of_guidance
from tests.whole_app.things import OWN
from tickets import process_beats
from tickets.city import wall_clock
from tickets.directory import contact_methods, one_time_links
from tickets.directory.contact_hours import Hours
from tickets.directory.dialled_prefixes import PrefixRule, keep_prefix
from tickets.directory.exchange import history
from tickets.directory.queues import queue_of
from tickets.keys import account_keys
from tickets.matter.kept import WordEdit
from tickets.matter.lists import WordList, WordRow
from tickets.matter.word_drafts import draft_edits
from tickets.outbox import posting
from tickets.outbox.budgets import budgets_now
from tickets.people.actor import SYSTEM, staff_actor
from tickets.promises import exclusions
from tickets.promises.exclusions import Wanted
from tickets.promises.rule_drafts import DraftOf, RuleKind, TypedRule, keep_draft
from tickets.routing.receiving import NOT_LIVE
from tickets.schema import (
    CalendarVersion,
    Call,
    CallLeg,
    Chain,
    Delegation,
    FileImport,
    Incident,
    Instruction,
    Line,
    Offer,
    OneStopOffice,
    OutboundMessage,
    PostHolding,
    Responsibility,
    Staff,
    Ticket,
)
from tickets.states import (
    CallState,
    ClockKind,
    Disposition,
    OfferOutcome,
    OfferPurpose,
    OutboundChannel,
    OutboundState,
    PresenceState,
    QueueKind,
    Role,
)
from tickets.told_clocks import ToldTime, as_detail

# Of the settings every test has.
SECRET_KEY = "a-test-key-of-sufficient-length-0123456789abcdef"
PASSWORD = "a short sentence of mine"

# What a program sends to each of its endpoints.
PROGRAMS = {
    "api.open_ticket": {"subject": "Cống", "body": "Nghẹt."},
    "api.change_ticket": {"priority": "urgent", "reason": "vì vậy"},
    # Nothing of it is kept.
    "api.read_text": {"text": "Cống nghẹt."},
    "api.add_message": {"kind": "note", "body": "Đã xem."},
    "api.set_master": {"reason": "khác hẻm"},
    "api.appeal": {"text": "Không đúng."},
    "api.move_ticket": {"to": "resolved", "text": "Đã dọn.", "disposition": next(iter(Disposition)).value},
    "api.acknowledge": {"instruction": "Làm ngay."},
    "api.send_letters_again": {"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"},
}


@dataclass(frozen=True)
class Sent:
    """What one endpoint needs to be told beside what all are: fields, files, and names in its address."""

    form: Mapping[str, Any] = field(default_factory=dict)
    named: Mapping[str, Any] = field(default_factory=dict)


# What somebody may take back, and what a scheduler tells whose clock is two hours behind the database's.
_MISTAKEN = """
name: một phút
match: {{unit: "26740"}}
rows:
  - {{priority: normal, clock: resolve, target_seconds: 60, calendar: 24x7, warn: [75], chain: {chain}}}
"""


_HOLDING = as_detail(ToldTime("holds", "", -7200.0, None, 40))


def _of_posts(session: Session, climbed: Climb, colleague: Staff, *, now: datetime) -> dict[str, Sent]:
    """Somebody comes to a post and is given a field; who holds one, and had one, gives it up."""
    held = select(PostHolding).where(PostHolding.staff_id == climbed.people[2].id)
    holding = session.scalars(held).one()
    today = wall_clock(now).date()
    given = Responsibility(
        staff_id=climbed.people[4].id, field="land", decision_no="1/QĐ", valid_from=today - timedelta(days=9)
    )
    session.add(given)
    session.flush()
    form = {"email": colleague.email, "from": today.isoformat(), "decision": "2/QĐ", "unit": "", "person": ""}
    return {
        "administration.give_post": Sent(
            named={"post_id": holding.post_id},
            form={**form, "kind": "holder", "role": "leader", "before": str(holding.id)},
        ),
        "administration.end_a_holding": Sent(named={"holding_id": holding.id}),
        "administration.give_responsibility": Sent(form={**form, "field": "health"}),
        "administration.end_one": Sent(named={"responsibility_id": given.id}),
    }


def _of_accounts(session: Session, *, now: datetime) -> dict[str, Sent]:
    """An account of which two tokens are good, and by which nothing came yet."""
    kind, named = ProviderKind.OWN_TRUNK, {"account": "audited"}
    secrets = AccountSecrets("the-token", "the-one-before")
    key = account_keys(SECRET_KEY)[0]
    add_account(session, "audited", kind, fields_of(kind), secrets, key=key, actor=SYSTEM, now=now)
    typed = {
        "kind": kind.value, "account_sid": "2", "api_base_url": "http://127.0.0.1:9", "country": "VN", "can": "voice",
        "auth_token": "a-newer-token",
    }  # fmt: skip
    return {
        "administration.add_provider_account": Sent(form={**typed, "name": "trunk-2"}),
        "administration.change_provider_account": Sent(named=named, form=typed),
        "administration.switch_provider_account": Sent(named=named, form={"to": "off"}),
        "administration.end_account_rotation": Sent(named=named),
        "administration.remove_provider_account": Sent(named=named),
        "administration.check_provider_account": Sent(named=named),
    }


def _of_prompts(session: Session, *, now: datetime) -> dict[str, Sent]:
    """One piece is recorded, another is withdrawn."""
    sound = pcm(tone(0.5, rate=8_000), rate=8_000)
    kept = NewRecording("vi", "greeting", words_of_piece("greeting", "vi"), telephone_sound(sound).wav, 0.5, "a.wav")
    recorded_prompts.keep(session, kept, actor=SYSTEM, now=now)
    file = (BytesIO(sound), "b.wav")
    return {
        "administration.record_prompt": Sent(
            named={"piece": "goodbye"}, form={"words": words_of_piece("goodbye", "vi"), "sound": file}
        ),
        "administration.withdraw_prompt": Sent(named={"piece": "greeting"}),
    }


def _of_files(session: Session, *, now: datetime) -> dict[str, Sent]:
    """A file to be confirmed, one to be put away, one to be undone; and somebody to be invited."""
    ids = [history.hand_in(session, "offices", "a.csv", b"unit", actor=SYSTEM, now=now) for _ in range(3)]
    for import_id, state in zip(ids, ("judged", "judged", "done"), strict=True):
        session.execute(update(FileImport).where(FileImport.id == import_id).values(state=state))
    stranger = factories.staff(session, role=Role.AGENT, at=OWN)
    return {
        "administration.enter_one_row": Sent(
            named={"kind": "answers"}, form={"title": "Đã ghi nhận", "body": "Chúng tôi đã ghi nhận."}
        ),
        "administration.hand_in_file": Sent(form={"kind": "offices", "rows": "unit,address"}),
        "administration.confirm_file": Sent(named={"import_id": ids[0]}),
        "administration.drop_file": Sent(named={"import_id": ids[1]}),
        "administration.undo_file": Sent(named={"import_id": ids[2]}),
        "administration.send_invitations": Sent(form={"person": str(stranger.id), "state": "not_invited"}),
        "administration.show_links": Sent(form={"only": str(stranger.id), "state": "not_invited"}),
    }


def _of_talks(session: Session, person: Staff, *, now: datetime) -> dict[str, Sent]:
    """Talks of this person and of colleagues, with somebody free, somebody who was asked, and this person asked."""
    free, asked, other = (factories.staff(session, role=Role.AGENT, at=OWN) for _ in range(3))
    ticket = factories.ticket(session, now=now, unit_code=OWN)
    # Nobody is on the line with us about this one.
    quiet = factories.ticket(session, now=now, unit_code=OWN, phone="+84986000111")
    own, waiting, asking = (_talk(session, ticket, agent, now=now) for agent in (person, person, other))
    presence.go_available(session, free.id, now=now)
    for call, by, with_ in ((waiting, person, asked), (asking, other, person)):
        call.hold_since = now
        consulting.keep(call, consulting.Consult(by.id, with_.id, with_.name, is_answered=True, leg="CA1"))
    listened, entered = (_talk(session, ticket, other, now=now) for _ in range(2))
    for call in (listened, entered):
        leg = {"call_id": call.id, "account": "sim", "call_sid": f"CA{uuid.uuid4().hex}", "staff_id": other.id}
        session.add(CallLeg(**leg, started_at=now))
    rooms.keep_room(
        entered, rooms.TalkRoom((rooms.Party(person.id, "", rooms.TalkPart.LISTENS, PresenceState.OFFLINE),))
    )
    row = Offer(call_id=asking.id, staff_id=person.id, offered_at=now, expires_at=now, purpose=OfferPurpose.CONSULT)
    row.outcome, row.ended_at = OfferOutcome.ANSWERED, now
    session.add(row)
    session.flush()
    return {
        "console.pass_on": Sent(named={"call_id": own.id}, form={"to": f"staff-{free.id}"}),
        "console.call_now": Sent(named={"reference": quiet.reference}),
        "console.open_card": Sent(named={"call_id": own.id}, form={"kind": "child"}),
        "console.put_caller_through": Sent(named={"call_id": waiting.id}),
        "console.bring_colleague_in": Sent(named={"call_id": waiting.id}),
        "console.leave": Sent(named={"call_id": asking.id}),
        "supervisor.take_call_over": Sent(named={"call_id": asking.id}),
        "supervisor.enter": Sent(named={"call_id": listened.id}, form={"part": "listens"}),
        "supervisor.leave_call": Sent(named={"call_id": entered.id}),
    }


def _talk(session: Session, ticket: Ticket, agent: Staff, *, now: datetime) -> Call:
    call = Call(
        account="sim", call_sid=f"CA{uuid.uuid4().hex}", ticket_id=ticket.id, phone=ticket.reply_phone,
        state=CallState.TALKING, state_since=now, state_until=now + timedelta(hours=1), arrived_at=now, answered_at=now,
        unit_id=ticket.unit_id, agent_id=agent.id, detail={},
    )  # fmt: skip
    session.add(call)
    session.flush()
    return call


def sent_to(session: Session, person: Staff, *, climbed: Climb, now: datetime) -> dict[str, Sent]:
    """By endpoint; whoever adds one that the common form does not reach says here what it is sent."""
    colleague = factories.staff(session, role=Role.AGENT, at=OWN)
    newcomer = factories.staff(session, role=Role.AGENT, at=OWN)
    before = now - timedelta(minutes=5)
    for one in (person, colleague):
        code = pyotp.TOTP(credentials.pending_totp_secret(session, one)).at(before)
        assert credentials.enrol(session, one, password=PASSWORD, repeated=PASSWORD, code=code, now=before) == {}
    lifetime = timedelta(days=1)
    enrolment = one_time_links.make(session, staff_id=newcomer.id, purpose="enrol", lifetime=lifetime, now=now)
    newcomers_code = pyotp.TOTP(credentials.pending_totp_secret(session, newcomer)).at(now)
    secret = make_link(session, step_id=climbed.step(session, 4).id, staff_id=climbed.people[4].id, now=now)
    letter = session.get_one(OutboundMessage, _letter(session, now=now))
    letter.state = OutboundState.FAILED
    seen_at = session.execute(text("select clock_timestamp()")).scalar_one()
    process_beats.note(session, "scheduler:one:1", kind="scheduler", detail={"leads": True, **_HOLDING}, now=seen_at)
    chain = session.scalars(select(Chain.name).order_by(Chain.id)).first() or ""
    bring_in(session, "policies", _MISTAKEN.format(chain=chain), actor=staff_actor(person.id), now=before)
    policies = take_out(session, "policies")
    other_policies = re.sub(r"target_seconds: (\d+)", lambda m: f"target_seconds: {int(m[1]) + 60}", policies, count=1)
    assert other_policies != policies
    newest = select(CalendarVersion).order_by(CalendarVersion.calendar_id, CalendarVersion.version.desc())
    version = session.scalars(newest.limit(1)).one()
    draft = TypedRule({**first_chain(), "name": "by hand"}, 0)
    keep_draft(session, DraftOf(person.id, RuleKind.CHAIN, 0), draft, now=before)
    words = WordEdit(None, WordRow(WordList.SHORTHAND, "cvq", 0, "công viên quận"))
    draft_edits(session, person.id, [words], now=before)
    phone, mail = _contact_methods(session, person, now=before)
    own = Sent(named={"method_id": mail}, form={"code": "0"})
    correct(session, WITH_SHORT_FORM, "park", now=before)
    of_groups = {**rota_forms(session, person, at=OWN, now=now), **directory_forms(session, person, at=OWN, now=now)}
    return {
        **{endpoint: Sent(form, named) for endpoint, (form, named) in of_groups.items()},
        "console.choose_own_telephone": Sent(form={"kind": "number", "address": "0901234567"}),
        "supervisor.choose_telephone": Sent(
            named={"staff_id": colleague.id}, form={"kind": "number", "address": "0901234567"}
        ),
        "contacts.save": Sent(form={"kind": "sms", "address": "0901234567"}),
        "contacts.prove": own,
        "contacts.move_up": own,
        **{f"contacts.{deed}": Sent(named={"method_id": phone}) for deed in ("have_code_sent", "try_it", "remove")},
        "administration.change_message_limits": Sent(form={"sms_900": "4", "sms_3600": "9", "voice_900": "2"}),
        "administration.change_reach_times": Sent(
            form={"emergency": "1", "urgent": "3", "normal": "5"}
            | {f"{code}_{what}": "7" for code in ("emergency", "urgent", "normal") for what in ("calls", "pause")}
        ),
        **_of_accounts(session, now=now),
        **_of_files(session, now=now),
        **_of_talks(session, person, now=now),
        **{endpoint: Sent(form, named) for endpoint, (form, named) in of_guidance(session, now=now).items()},
        "acknowledge_link.answer": Sent(named={"token": secret}, form={"new_due_at": ""}),
        "administration.add_calendar": Sent(form={"key": "night", "mon": "22:00-06:00"}),
        "administration.publish_calendar": Sent(
            named={"calendar_id": version.calendar_id}, form={"mon": "22:00-06:00", "seen": str(version.version)}
        ),
        "administration.switch_learned": Sent(form={"do": "off"}),
        "administration.accept_short_form": Sent(form={"form": "vh"}),
        "administration.rule_typed": Sent(named={"kind": "chain", "rule_id": 0}, form={"name": "by hand"}),
        "own_drafts.own_draft": Sent(named={"form": "own-leave", "number": 0}, form={"since": "2026-12-07"}),
        "leadership.delegation_draft": Sent(named={"step_id": climbed.step(session, 4).id}, form={"reason": "họp"}),
        "administration.test_step": Sent(named={"unit": factories.unit(session, OWN).id}, form={"level": "1"}),
        "administration.publish_draft": Sent(named={"kind": "chain", "rule_id": 0}, form={"to": "open"}),
        "administration.draft_row": Sent(
            named={"row_id": 0}, form={"list": "shorthand", "says": "cvpm", "words": "công viên phần mềm"}
        ),
        "administration.draft_version_again": Sent(named={"number": 1}, form={}),
        "administration.publish_words_draft": Sent(form={"do": "publish", "reason": "viết tắt mới"}),
        "administration.keep_day_off": Sent(form={"first": "2026-12-07", "source": "Công điện 1"}),
        "administration.keep_chosen_days": Sent(
            form={"day": "2026-12-07", "kind-2026-12-07": "off", "source": "Công điện 1"}
        ),
        "administration.take_back_day": Sent(form={"day": "2026-09-02"}),
        "acknowledge_link.passed_up": Sent(named={"token": secret}),
        "administration.again": Sent(named={"message_id": letter.id}),
        "administration.again_after_outage": Sent(
            form={"since": "2020-01-01T00:00:00+00:00", "until": "2100-01-01T00:00:00+00:00", "channel": "sms"}
        ),
        "administration.keep_dialled_prefix": Sent(form={"prefix": "+44", "is_allowed": "1", "most_an_hour": "20"}),
        "administration.remove_dialled_prefix": Sent(form={"prefix": _refused_prefix(session, now=now)}),
        "administration.change_budgets": Sent(form={one.name: str(one.most + 1) for one in budgets_now(session)}),
        "administration.release_held": Sent(named={"message_id": _held(session, "over_budget_number", now=now)}),
        "administration.release_for_a_reason": Sent(
            named={"message_id": _held(session, "over_budget_range", now=now)}, form={"reason": "over_budget_range"}
        ),
        "administration.go_live": Sent(form={"unit": str(factories.unit(session, OWN).id)}),
        "administration.take_back": Sent(
            form={"unit": str(factories.unit(session, OWN).id), "reason": "Mất người trực"}
        ),
        "administration.give_to_live_units": Sent(form={"back": str(_taken_on(session, now=now))}),
        "supervisor.test_line": Sent(named={"line_id": _line(session)}),
        "administration.apply": Sent(form={"text": other_policies}),
        **_of_prompts(session, now=now),
        **_of_posts(session, climbed, colleague, now=now),
        "administration.disable": Sent(named={"staff_id": colleague.id}),
        "administration.ask_for_window": Sent(form=_WINDOW),
        "administration.decide_window": Sent(named={"window_id": _asked(session, colleague, now=now)}),
        "supervisor.set_incident": Sent(
            form={"area": factories.unit(session, OWN).name, "bulletin_vi": "Mất điện.", "bulletin_en": "A power cut."}
        ),
        "supervisor.extend_incident": Sent(named={"incident_id": _incident(session, person, now=now)}),
        "supervisor.end_incident": Sent(named={"incident_id": _incident(session, person, now=now)}),
        "administration.believe": Sent(form={"is_sure": "1", "reason": "Giờ của cơ sở dữ liệu đúng"}),
        "administration.retire_policy": Sent(form={"policy": "một phút", "reason": "ghi nhầm đơn vị"}),
        "administration.throw_away": Sent(named={"message_id": letter.id}),
        "api.acknowledge": Sent(named={"step_id": climbed.step(session, 4).id}),
        "console.read_as": Sent(form={"as": "danger-yes"}),
        "console.arbitrate": Sent(form={"arbitrated_queue": "", "reason": "vì vậy"}),
        "console.split": Sent(form={"second": "Đèn đường trước nhà bị hỏng"}),
        "console.link": Sent(form={"master": factories.open_ticket(session, unit_code=OWN, now=now).reference}),
        "console.elsewhere": Sent(form={"system": "1022", "code": "1022-77"}),
        "leadership.answer": Sent(named={"step_id": climbed.step(session, 4).id}, form={"new_due_at": ""}),
        "leadership.declined": Sent(named={"step_id": _asked_to_answer(session, climbed, person, now=before)}),
        "leadership.delegated": Sent(named={"step_id": climbed.step(session, 4).id}, form={"to": str(colleague.id)}),
        "console.instruction": Sent(
            named={"reference": climbed.ticket.reference},
            form={"instruction": str(_instructed(session, climbed, now=before)), "answer": "Đã làm."},
        ),
        "leadership.passed_up": Sent(named={"step_id": climbed.step(session, 4).id}),
        "sign_in.check_code": Sent(form={"code": pyotp.TOTP(person.totp_secret or "").at(now)}),
        "sign_in.check_password": Sent(form={"email": colleague.email, "password": PASSWORD}),
        "sign_in.enrol": Sent(
            named={"token": enrolment}, form={"password": PASSWORD, "repeated": PASSWORD, "code": newcomers_code}
        ),
    }


def _asked_to_answer(session: Session, climbed: Climb, person: Staff, *, now: datetime) -> int:
    """A level about which its leader has asked this person to answer."""
    step_id = climbed.step(session, 4).id
    session.add(Delegation(step_id=step_id, from_id=climbed.people[4].id, to_id=person.id, reason="họp", at=now))
    session.flush()
    return step_id


def _instructed(session: Session, climbed: Climb, *, now: datetime) -> int:
    """What a leader has instructed about the ticket that climbed."""
    task = Instruction(
        step_id=climbed.step(session, 4).id, ticket_id=climbed.ticket.id, given_by_id=climbed.people[4].id,
        given_at=now, words="Làm ngay.", due_at=now, unit_id=climbed.ticket.unit_id,
    )  # fmt: skip
    session.add(task)
    session.flush()
    return task.id


def _taken_on(session: Session, *, now: datetime) -> int:
    """The body of a ticket that came to the city's desk because the body was not live."""
    ticket = session.get_one(Ticket, factories.open_ticket(session, now=now).ticket_id)
    own, desk = ticket.unit_id, factories.unit(session, "TTDH")
    ticket.unit_id, ticket.queue_id = desk.id, queue_of(session, desk.id, QueueKind.TRIAGE).id
    ticket.routing_reasons = [{"code": NOT_LIVE, "params": {"unit_id": own, "desk_id": desk.id}}]
    session.flush()
    return own


def _line(session: Session) -> int:
    """The published line of one's own unit."""
    of_own = select(Line.id).join(OneStopOffice, OneStopOffice.id == Line.office_id)
    return session.scalars(of_own.where(OneStopOffice.unit_id == factories.unit(session, OWN).id).limit(1)).one()


def _contact_methods(session: Session, person: Staff, *, now: datetime) -> list[int]:
    """A phone, and a mail box to which a code was sent."""
    saved = [
        contact_methods.save(
            session,
            person.id,
            kind=kind,
            address=to,
            hours=Hours(),
            actor=staff_actor(person.id),
            now=now,
        )
        for kind, to in ((OutboundChannel.SMS, "0907654321"), (OutboundChannel.EMAIL, "a@b.vn"))
    ]
    contact_methods.keep_code(saved[1], "123456", now=now)
    session.flush()
    return [one.id for one in saved]


_WINDOW = {"from_at": "2026-12-01T21:00", "to_at": "2026-12-01T22:00", "reason": "Nâng cấp", "clock_resolve": "1"}


def _asked(session: Session, colleague: Staff, *, now: datetime) -> int:
    """A window that somebody else asked for."""
    wanted = Wanted(now, now + timedelta(hours=1), "Nâng cấp", (ClockKind.RESOLVE,), holds_reports=False)
    return exclusions.ask(session, wanted, actor=staff_actor(colleague.id), now=now).id


def _refused_prefix(session: Session, *, now: datetime) -> str:
    return keep_prefix(session, PrefixRule("+8499", is_allowed=False), actor=SYSTEM, now=now).prefix


def _held(session: Session, why: str, *, now: datetime) -> int:
    """A message that a budget holds."""
    held = session.get_one(
        OutboundMessage,
        posting.post_sms(
            session, to="+84901234567", template="sms_help", params={}, locale="vi", dedup_key=why, now=now
        ),
    )
    held.error_code, held.not_before = why, now + timedelta(hours=1)
    session.flush()
    return held.id


def _incident(session: Session, person: Staff, *, now: datetime) -> int:
    """One of the person's own unit, which says nothing yet to those who use the other doors."""
    incident = Incident(
        master_id=factories.open_ticket(session, unit_code=OWN, now=now).ticket_id,
        unit_ids=[factories.unit(session, OWN).id], bulletin_vi="Mất điện.", bulletin_en="A power cut.",
        is_disaster=False, starts_at=now + timedelta(hours=1), expires_at=now + timedelta(hours=2), set_by_id=person.id,
    )  # fmt: skip
    session.add(incident)
    session.flush()
    return incident.id


def _letter(session: Session, *, now: datetime) -> int:
    return posting.post_sms(
        session, to="+84901234567", template="sms_help", params={}, locale="vi", dedup_key="audited", now=now
    )
