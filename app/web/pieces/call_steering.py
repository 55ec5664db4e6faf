"""The provider told what to do with a call, once what was decided is committed."""

import threading
from collections.abc import Sequence
from functools import partial

from flask import Response, after_this_request, g

from app.phone.accounts import provider_accounts
from app.phone.answers import Phones
from app.phone.call_control import LegChange, tell_provider
from app.phone.ended_talks import take_down
from app.web.frame.current import hotline, settings
from telephony.provider.account_kinds import steers_talks


def steers(account: str) -> bool:
    """Whether the provider of this account leads a caller out of a talk, and tells of the agent's leg."""
    known = provider_accounts(settings()).get(account)
    return known is None or steers_talks(known)


def tell_after_commit(changes: Sequence[LegChange]) -> None:
    """Once the transaction is over: a slow provider must hold no row, and no screen either."""

    app = hotline()

    @after_this_request
    def tell(response: Response) -> Response:
        tell_provider(settings(), changes, factory=None if app.is_bound else app.sessions)
        return response


def end_after_commit(changes: Sequence[LegChange], caller: LegChange) -> None:
    """The line comes down; where the caller went without a word, the call is over as soon as the provider says so."""
    app, now = hotline(), g.now
    phones = Phones(app.settings, app.reference)

    @after_this_request
    def end(response: Response) -> Response:
        work = partial(take_down, app.sessions, phones, changes, caller, now=now)
        threading.Thread(target=work, daemon=True, name="call-control").start()
        return response
