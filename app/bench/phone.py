"""The phone: what a turn of a call costs, where arriving callers are too many, and whether anybody is ever let go.

Callers are a process of their own (`app/bench/callers.py`), and what they use of the machine is told apart.
"""

import json
import secrets
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine, text

from app.bench.callers import ANSWERED, FAILED, HOLD_ROUND_SECONDS, LET_GO, RESTED, next_address
from app.bench.measure import Figure, MeasuredNothing, Times, counted, processor_of, times_of
from app.bench.web_process import counted_web_process
from app.phone.accounts import provider_accounts
from app.settings import ROOT, Settings
from app.storage.database import make_engine
from app.storage.play_progress import TellProgress
from app.web.factory import create_app
from telephony.provider.account import ProviderAccount
from telephony.provider.signatures import sign

KNEE_LIMIT_MS = 500.0
TURN_PROCESSOR_MS, MOST_TIMES_BARE = 5.0, 3.0
HOLD_REQUESTS_A_SECOND, HOLDING_SECONDS, OVERLOAD, OVERLOAD_SECONDS = 100, 60, 3, 40
_CALM_CALLS_A_SECOND, _CALM_SECONDS = 5, 20
_STEPS_OF_THE_RAMP, _RAMP_SECONDS = (10, 15, 20, 30, 40, 55, 75, 100), 8
# Of them come by so many a second beside the bare view, for so long.
_BESIDE_BARE, _BESIDE_SECONDS = 20, 20
_LINE = "+842838000000"
_SAID = "phường Bến Nghé quận 1 cũ"
# The steps of a call whose statements are counted; `opening` is the one in which the ticket is opened.
_STEPS = {"voice", "opening", "place", "queue"}
_AT_WORK = text(
    """
    insert into presence (staff_id, state, since, heartbeat_at)
    select distinct staff_id, 'on_call', now(), now() from role_assignment where role in ('agent', 'supervisor')
    on conflict (staff_id) do update set state = 'on_call'
    """
)
# The same calls again under other names of the provider's, as if so many more had come.
_MORE = """
    insert into call (call_sid, {columns})
    select 'CC' || md5(random()::text || n), {columns}
    from call, generate_series(1, :times) n where call_sid = any(:sids)
    returning call_sid, turn
"""


@dataclass(frozen=True)
class _Crowd:
    """What came of many callers; `processor` is the web process's, `of_database` its connections', in seconds."""

    times: Times
    answers: dict[str, int]
    callers: list[dict[str, Any]]
    requests: int
    processor: float
    of_database: float
    of_callers: float

    @property
    def let_go(self) -> int:
        return self.answers.get(LET_GO, 0) + self.answers.get(FAILED, 0)

    @property
    def each_ms(self) -> float:
        return 1000 * self.processor / max(1, self.requests)

    @property
    def whose(self) -> str:
        requests = max(1, self.requests)
        return (
            f"the database's {1000 * self.of_database / requests:.1f}, callers {1000 * self.of_callers / requests:.1f}"
        )


class _Phone:
    """A web process and the callers who ring it."""

    def __init__(self, settings: Settings, base_url: str, processor: Callable[[], float], engine: Engine) -> None:
        self.settings, self.base_url, self.processor, self.engine = settings, base_url, processor, engine
        self.account = provider_accounts(settings)["sim"]

    def arrive(self, *, a_second: float, seconds: float, stays: bool = False) -> _Crowd:
        """New callers at an even pace, whatever the answers take."""
        callers = [_new_caller(self.base_url, stays=stays) for _ in range(round(a_second * seconds))]
        return self.ring(callers, [number / a_second for number in range(len(callers))], seconds=seconds)

    def wait(self, callers: Sequence[dict[str, Any]], *, seconds: float) -> _Crowd:
        """Waiting callers, each of whom comes by once a round, evenly spread."""
        begins = [HOLD_ROUND_SECONDS * number / len(callers) for number in range(len(callers))]
        return self.ring(callers, begins, seconds=seconds)

    def ring(self, callers: Sequence[dict[str, Any]], begins: Sequence[float], *, seconds: float) -> _Crowd:
        before, of_database = self.processor(), _of_database(self.engine)
        told = _rung(
            {
                "base_url": self.base_url, "account_sid": self.account.account_sid, "token": self.account.auth_token,
                "to": _LINE, "seconds": seconds, "callers": callers, "begins": begins,
            }
        )  # fmt: skip
        used, database_used = self.processor() - before, _of_database(self.engine) - of_database
        times = times_of(told["seconds"])
        return _Crowd(times, told["answers"], told["callers"], told["requests"], used, database_used, told["processor"])


def run(settings: Settings, *, say: TellProgress) -> list[Figure]:
    engine = make_engine(settings.owner_database_url, statement_timeout_ms=0)
    try:
        with engine.begin() as connection:
            connection.execute(_AT_WORK)
        with counted_web_process(settings) as (base_url, processor):
            phone = _Phone(settings, base_url, processor, engine)
            # A process's first callers are not judged.
            phone.arrive(a_second=5, seconds=2)
            found = [*_calm(phone, say), *_knee(phone, say)]
            waiting = phone.arrive(a_second=10, seconds=10, stays=True).callers
            ours = _beside(phone, waiting)
            found += _holding(phone, waiting, say)
        return [*found, _beside_bare(settings, engine, waiting, ours, say), *_statement_figures(settings)]
    finally:
        engine.dispose()


def _calm(phone: _Phone, say: TellProgress) -> list[Figure]:
    say(f"Calling {_CALM_CALLS_A_SECOND} times a second …")
    crowd = phone.arrive(a_second=_CALM_CALLS_A_SECOND, seconds=_CALM_SECONDS)
    _refuse_let_go(crowd)
    value = f"{crowd.each_ms:.1f} ms of processor; p50 {crowd.times.p50:.0f} ms, p99 {crowd.times.p99:.0f} ms"
    is_kept = crowd.each_ms <= TURN_PROCESSOR_MS
    return [
        Figure("a request of a call, its end included", value, f"≤ {TURN_PROCESSOR_MS:.0f} ms", is_kept, crowd.whose)
    ]


def _knee(phone: _Phone, say: TellProgress) -> list[Figure]:
    """Up to the rate at which callers wait too long or are let go; the last one at which none is, is the knee."""
    kept, walked = 0, []
    for rate in _STEPS_OF_THE_RAMP:
        say(f"Calling {rate} times a second …")
        crowd = phone.arrive(a_second=rate, seconds=_RAMP_SECONDS)
        walked.append(f"{rate}: {crowd.times.p50:.0f}/{crowd.times.p99:.0f} ms, let go {crowd.let_go}")
        if crowd.let_go or crowd.times.p99 > KNEE_LIMIT_MS:
            break
        kept = rate
    return [
        Figure("new calls a second up to the knee", str(kept), note=f"p50/p99: {'; '.join(walked)}"),
    ]


def _holding(phone: _Phone, waiting: Sequence[dict[str, Any]], say: TellProgress) -> list[Figure]:
    """Two thousand callers who wait, and three times as many."""
    usual, many = HOLD_REQUESTS_A_SECOND, OVERLOAD * HOLD_REQUESTS_A_SECOND
    say(f"{usual} requests of waiting callers a second for {HOLDING_SECONDS} s …")
    crowd = phone.wait(_as_many(phone, waiting, round(usual * HOLD_ROUND_SECONDS)), seconds=HOLDING_SECONDS)
    say(f"{many} requests of waiting callers a second for {OVERLOAD_SECONDS} s …")
    over = phone.wait(_as_many(phone, waiting, round(many * HOLD_ROUND_SECONDS)), seconds=OVERLOAD_SECONDS)
    value = f"p50 {crowd.times.p50:.0f} ms, p99 {crowd.times.p99:.0f} ms; let go {crowd.let_go}; {_shares(crowd)}"
    is_kept = crowd.times.p99 < KNEE_LIMIT_MS and not crowd.let_go
    beyond = f"let go {over.let_go}; p50 {over.times.p50:.0f} ms, p99 {over.times.p99:.0f} ms; {_shares(over)}"
    return [
        Figure(
            f"{usual} hold requests a second for {HOLDING_SECONDS} s", value, f"p99 < {KNEE_LIMIT_MS:.0f} ms", is_kept,
            f"{crowd.each_ms:.1f} ms of processor each; {crowd.whose}",
        ),
        Figure(f"  {OVERLOAD} times as many", beyond, "nobody let go", not over.let_go, over.whose),
    ]  # fmt: skip


def _shares(crowd: _Crowd) -> str:
    whole = max(1, sum(crowd.answers.values()))
    return f"{100 * crowd.answers.get(RESTED, 0) / whole:.0f} % put off by a round of music"


def _as_many(phone: _Phone, waiting: Sequence[dict[str, Any]], wanted: int) -> list[dict[str, Any]]:
    """`wanted` waiting callers: those who came, copied in the database; what was copied before is gone."""
    with phone.engine.begin() as connection:
        connection.execute(text("delete from call where call_sid like 'CC%'"))
        names = connection.execute(
            text("select column_name from information_schema.columns where table_name = 'call' "
                 "and column_name not in ('id', 'call_sid')")
        ).scalars()  # fmt: skip
        more = text(_MORE.format(columns=", ".join(names)))
        asked = {"times": wanted // len(waiting), "sids": [caller["sid"] for caller in waiting]}
        rows = connection.execute(more, asked).all()
    with phone.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze call"))
    address = f"{phone.base_url}/webhooks/sim/queue?calm=1&turn="
    return [{**waiting[0], "sid": row.call_sid, "url": f"{address}{row.turn}"} for row in rows]


def _beside(phone: _Phone, waiting: Sequence[dict[str, Any]]) -> float:
    """Milliseconds of processor of a turn of the hold loop, at an easy pace."""
    some = _as_many(phone, waiting, round(_BESIDE_BARE * HOLD_ROUND_SECONDS))
    crowd = phone.wait(some, seconds=_BESIDE_SECONDS)
    if crowd.answers != {ANSWERED: len(crowd.times.seconds)}:
        raise MeasuredNothing(f"waiting callers were answered {crowd.answers}")
    return crowd.each_ms


def _beside_bare(
    settings: Settings, engine: Engine, waiting: Sequence[dict[str, Any]], ours: float, say: TellProgress
) -> Figure:
    say("The same beside a bare view …")
    application = "app.bench.bare_door:create()"
    with counted_web_process(settings, application=application) as (base_url, processor):
        bare = _beside(_Phone(settings, base_url, processor, engine), waiting)
    value = f"{ours / bare:.2f} × ({ours:.1f} ms, {bare:.1f} ms)"
    name = "a turn of the hold loop beside a bare Flask view, signature checked, the same rows written"
    return Figure(name, value, f"≤ {MOST_TIMES_BARE:.0f} ×", ours <= MOST_TIMES_BARE * bare)


def _refuse_let_go(crowd: _Crowd) -> None:
    """Raises MeasuredNothing unless every caller came into the queue, and no error or fail-safe document on the way."""
    there = sum(caller["is_there"] for caller in crowd.callers)
    if crowd.let_go or there < len(crowd.callers):
        raise MeasuredNothing(f"of {len(crowd.callers)} callers {there} came into the queue: {crowd.answers}")


_numbers = count(1)


def _new_caller(base_url: str, *, stays: bool) -> dict[str, Any]:
    number = f"+8490{next(_numbers):07d}"
    return {
        "sid": f"CA{secrets.token_hex(16)}",
        "number": number,
        "url": f"{base_url}/webhooks/sim/voice",
        "stays": stays,
    }


def _rung(wanted: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "app.bench.callers"], input=json.dumps(wanted), capture_output=True, text=True, cwd=ROOT,
        check=True,
    )  # fmt: skip
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _of_database(engine: Engine) -> float:
    """Seconds of processor that the connections of this database have used."""
    with engine.connect() as connection:
        pids = connection.execute(
            text("select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
        ).scalars()
        return sum(processor_of(pid) for pid in pids)


def _statement_figures(settings: Settings) -> Iterator[Figure]:
    most = _statements(settings, provider_accounts(settings)["sim"])
    opening = most.pop("opening")
    yield Figure("  statements, most", str(max(most.values())), "≤ 8", max(most.values()) <= 8)
    yield Figure("  statements where the ticket is opened", str(opening), "≤ 12", opening <= 12)


def _statements(settings: Settings, account: ProviderAccount) -> dict[str, int]:
    """The most statements of each step of a call, and of the one that opens the ticket."""
    app = create_app(settings)
    client, engine = app.test_client(), app.webhook_sessions.kw["bind"]
    most: dict[str, int] = defaultdict(int)
    for number in range(4):
        base: dict[str, Any] = {
            "AccountSid": account.account_sid,
            "CallSid": f"CA{secrets.token_hex(16)}",
            "From": f"+8491{number:07d}",
            "To": _LINE,
            "CallStatus": "in-progress",
            "Direction": "inbound",
        }
        url: str | None = f"{settings.base_url}/webhooks/sim/voice"
        answers: list[dict[str, str]] = [{"CallStatus": "ringing"}, {"Digits": "1"}, {"SpeechResult": _SAID}]
        for fields in [*answers, {}, {}]:
            if url is None:
                break
            form = {**base, **fields}
            with counted(engine) as sent:
                answer = client.post(
                    url.removeprefix(settings.base_url),
                    base_url=settings.base_url,
                    data=form,
                    headers={"X-Twilio-Signature": sign(account.auth_token, url, form)},
                )
            step = urlsplit(url).path.rsplit("/", 1)[-1]
            # Every two seconds a process asks beside its requests which accounts there are.
            sent = [one for one in sent if "FROM provider_account" not in one]
            opens = any('insert into "ticket" ' in statement for statement in sent)
            # The first round fills the caches of the process.
            if number:
                name = "opening" if opens else step
                most[name] = max(most[name], len(sent))
            url = next_address(answer.get_data(as_text=True)) or None
    if missing := _STEPS - set(most):
        raise MeasuredNothing(f"no call came to {', '.join(sorted(missing))}")
    return dict(most)
