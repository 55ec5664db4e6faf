"""`./hotline call`, `sms`, `trouble`, `provider`: the built-in telephone, its carrier, and asking a provider anew."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.commands import CommandRefused, Commands
from app.engines.connected import connected_if_running
from app.simulator.trouble import ANSWERS, CALLBACKS, CALLED

if TYPE_CHECKING:
    from app.settings import Settings
    from app.simulator.telephone import HeardDocument, Telephone
    from telephony.provider.account import ProviderAccount

HANG_UP_STATES = ("menu", "place", "status", "queued", "talking", "voicemail", "callback")


def register(commands: Commands) -> None:
    """Add the four."""
    call = commands.add_parser("call", help="ring the hotline with the built-in telephone")
    _numbers(call)
    call.add_argument("--press", default="", metavar="1,2", help="keys, one answer each, in this order")
    call.add_argument("--say", action="append", default=[], metavar="TEXT", help="what is said when asked; repeatable")
    call.add_argument(
        "--hang-up-in", default="", choices=HANG_UP_STATES, metavar="STATE", help=", ".join(HANG_UP_STATES)
    )
    call.add_argument("--patience", type=float, default=60.0, metavar="SECONDS", help="waiting and talking (60)")
    call.add_argument("--message", type=int, default=12, metavar="SECONDS", help="length of a voicemail (12)")
    call.set_defaults(run=run_call)
    sms = commands.add_parser("sms", help="text the hotline with the built-in telephone")
    _numbers(sms)
    sms.add_argument("text", metavar="TEXT", nargs="?", default="")
    sms.add_argument(
        "--picture", action="append", default=[], type=_as_picture, metavar="FILE", help="sent along; repeatable"
    )
    sms.add_argument("--wait", type=float, default=8.0, metavar="SECONDS", help="how long to wait for answers (8)")
    sms.set_defaults(run=run_sms)
    trouble = commands.add_parser("trouble", help="let the built-in carrier misbehave; without options, behave again")
    trouble.add_argument("--rest-status", type=int, default=0, metavar="500", help="answer every REST request so")
    trouble.add_argument("--rest-seconds", type=float, default=0.0, metavar="30", help="make REST requests wait")
    trouble.add_argument("--callbacks", default="fine", choices=CALLBACKS)
    trouble.add_argument("--answers", default="fine", choices=ANSWERS, help="lost: take messages, then say nothing")
    trouble.add_argument("--called", default="hears", choices=CALLED, help="what people do whom the hotline calls")
    trouble.add_argument(
        "--keys", default=["1"], type=_as_keys, metavar="KEYS",
        help="what they press, one after the other: 1 acknowledges, 2 passes up, 0 says it again; 0,2 (1)",
    )  # fmt: skip
    trouble.add_argument(
        "--switched-off", action="append", default=[], type=_as_carriers_write_it, metavar="PHONE",
        help="rings in vain, gets no texts; repeatable",
    )  # fmt: skip
    trouble.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")
    trouble.set_defaults(run=run_trouble)
    provider = commands.add_parser("provider", help="the phone provider's own log")
    actions = provider.add_subparsers(metavar="ACTION", required=True)
    asked = actions.add_parser("reconcile", help="ask for what its callbacks never told us")
    asked.add_argument("--json", action="store_true", help="one JSON line")
    asked.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")
    asked.set_defaults(run=run_reconcile)


def _numbers(parser: argparse.ArgumentParser) -> None:
    caller = parser.add_argument("--from", dest="caller", default="+84901234567", metavar="PHONE", help="or: anonymous")
    caller.type = _as_carriers_write_it
    parser.add_argument("--to", default="", metavar="LINE", help="the city's line if not given")
    parser.add_argument("--json", action="store_true", help="one JSON line per step")
    parser.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")


def _as_carriers_write_it(number: str) -> str:
    """0912 345 001 is +84912345001 to a carrier: by that alone are answers to it found."""
    from tickets.people.phones import parse_phone

    known = parse_phone(number)
    return known.number if known else number


def _as_picture(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as trouble:
        raise argparse.ArgumentTypeError(f"{path} cannot be read: {trouble.strerror}") from trouble


def _as_keys(typed: str) -> list[str]:
    from app.simulator.trouble import KEYS

    keys = [key.strip() for key in typed.split(",") if key.strip()]
    if not keys or any(len(key) != 1 or key not in KEYS for key in keys):
        raise argparse.ArgumentTypeError(f"“{typed}” are no keys: write them like 0,2.")
    return keys


def run_call(arguments: argparse.Namespace) -> int:
    """Ring, tell each step, and tell at last how it ended."""
    from app.simulator.telephone import SimulatedCaller, Telephone

    settings, account = _carrier(arguments.data)
    caller = SimulatedCaller(
        number=arguments.caller,
        to=_line(settings, arguments.to),
        presses=tuple(key for key in arguments.press.split(",") if key),
        words=tuple(arguments.say),
        hang_up_in=arguments.hang_up_in,
        patience_seconds=arguments.patience,
        message_seconds=arguments.message,
    )
    told: list[int] = []

    def tell(step: "HeardDocument") -> None:
        told.append(step.status)
        _tell_step(step, as_json=arguments.json)

    telephone = Telephone(account, settings.base_url, caller, tell)
    telephone.call()
    _tell_end(telephone, as_json=arguments.json)
    return 1 if not told or told[-1] == 0 else 0


def _tell_step(step: "HeardDocument", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(step), ensure_ascii=False), flush=True)
        return
    print(f"[{step.step}]", flush=True)
    for words in step.heard:
        print(f"  ♪ {_as_words(words)}", flush=True)
    if not step.heard:
        print(f"  ({', '.join(step.verbs) or step.status})", flush=True)


def _as_words(heard: str) -> str:
    """What a recording says, and that it is one."""
    from pathlib import PurePosixPath

    from app.wording.recorded_pieces import words_of_piece

    if not heard.startswith("/sounds/"):
        return heard
    path = PurePosixPath(heard)
    code = path.name.rsplit(".", 2)[0]
    return f"{words_of_piece(code, path.parent.name) or code} [recorded: {code}]"


def _tell_end(telephone: "Telephone", *, as_json: bool) -> None:
    end = {"call_sid": telephone.call_sid, "reference": telephone.reference or None, "end": telephone.end}
    if as_json:
        print(json.dumps(end), flush=True)
        return
    print(
        f"— {telephone.end.replace('_', ' ')}" + (f", reference {telephone.reference}" if telephone.reference else "")
    )


def run_sms(arguments: argparse.Namespace) -> int:
    """Text, then print what comes back within the wait."""
    from app.simulator.carrier import SimulatedCarrier
    from app.simulator.telephone import said_back, text

    settings, account = _carrier(arguments.data)
    to = _line(settings, arguments.to)
    known = _known(account, arguments.caller)
    carrier = SimulatedCarrier(settings.data_dir / "carrier")
    sent_along = [carrier.keep_picture(content) for content in arguments.picture]
    sid, answer = text(
        account, settings.base_url, number=arguments.caller, to=to, words=arguments.text, pictures=sent_along
    )
    sent = {"message_sid": sid, "status": answer.status_code}
    print(json.dumps(sent) if arguments.json else f"[sms] {answer.status_code}", flush=True)
    for words in said_back(answer):
        got = {"from": to, "body": words}
        print(json.dumps(got, ensure_ascii=False) if arguments.json else f"  ✉ {words}", flush=True)
    for message in _coming_back(account, arguments.caller, known, seconds=arguments.wait):
        got = {"from": message["from"], "body": message["body"]}
        print(json.dumps(got, ensure_ascii=False) if arguments.json else f"  ✉ {message['body']}", flush=True)
    return 0 if answer.status_code == 200 else 1


def _known(account: "ProviderAccount", phone: str) -> set[str] | None:
    """Which messages the phone has got; None where the carrier does not say, as in a staged trouble."""
    import requests

    from app.simulator.telephone import received

    try:
        return {message["sid"] for message in received(account, phone)}
    except requests.RequestException:
        return None


def _coming_back(
    account: "ProviderAccount", phone: str, known: set[str] | None, *, seconds: float
) -> "Iterator[dict[str, str]]":
    import requests

    from app.simulator.telephone import new_messages

    try:
        if known is not None:
            yield from new_messages(account, phone, known=known, seconds=seconds)
            return
    except requests.RequestException:
        pass
    print("The carrier does not say what comes back (./hotline trouble).", file=sys.stderr)


def run_trouble(arguments: argparse.Namespace) -> int:
    """From the next request on."""
    from app.simulator.trouble import StagedTrouble, write_trouble

    settings, _ = _carrier(arguments.data)
    trouble = StagedTrouble(
        arguments.rest_status, arguments.rest_seconds, arguments.callbacks, arguments.answers, arguments.called,
        tuple(arguments.switched_off), tuple(arguments.keys),
    )  # fmt: skip
    write_trouble(settings.data_dir / "carrier", trouble)
    print(
        "The built-in carrier behaves." if trouble == StagedTrouble() else f"The built-in carrier misbehaves: {trouble}"
    )
    return 0


def run_reconcile(arguments: argparse.Namespace) -> int:
    """One round of what the scheduler does every five minutes."""
    from app.clock import utc_now
    from app.phone.answers import Phones
    from app.phone.reconciliation import reconcile
    from app.reference import Reference
    from app.storage.database import make_engine, session_factory

    settings = connected_if_running(arguments.data)
    if settings is None:
        raise CommandRefused("There is no database to reconcile: start ./hotline up, or set HOTLINE_DATABASE_URL.")
    engine = make_engine(settings.database_url, pool_size=2)
    try:
        phones = Phones(settings, Reference.from_settings(settings))
        repairs = reconcile(session_factory(engine), phones, now=utc_now())
    finally:
        engine.dispose()
    if arguments.json:
        print(json.dumps(asdict(repairs)))
    else:
        calls = repairs.calls + repairs.missed
        print(f"Found at the provider: {calls} calls, {repairs.texts} texts, {repairs.recordings} recordings.")
    return 0


def _carrier(data_dir: str | None) -> "tuple[Settings, ProviderAccount]":
    from app.phone.accounts import SIMULATED, provider_accounts

    settings = connected_if_running(data_dir)
    if settings is None:
        raise CommandRefused(
            "Nothing runs here to be called: start ./hotline up in another terminal first. "
            "If it runs with --data DIR, give this command the same --data DIR."
        )
    account = provider_accounts(settings).get(SIMULATED)
    if account is None:
        raise CommandRefused("The built-in telephone exists only on this machine's own address, never in production.")
    return settings, account


def _line(settings: "Settings", wanted: str) -> str:
    """The number to call: as given, or the city's own."""
    from app.storage.database import make_engine, session_factory
    from tickets.directory.lines import city_line

    if wanted:
        return wanted
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with session_factory(engine)() as session:
            line = city_line(session, on=datetime.now(UTC).astimezone(settings.zone).date())
    finally:
        engine.dispose()
    if line is None:
        raise CommandRefused("There is no city line yet: name one with --to.")
    return line.phone
