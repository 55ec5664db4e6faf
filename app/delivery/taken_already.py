"""Whether a text or call whose answer was lost has been taken: the carrier is asked before it is handed over again."""

import re
from collections.abc import Sequence

import structlog
from sqlalchemy.orm import Session, sessionmaker

from app.delivery.letter import Letter
from app.storage.database import transaction
from app.wording.messages import LINK_MARK, PIN_MARK
from telephony.provider.account import ProviderAccount
from telephony.provider.driver import ProviderUnreachable
from telephony.provider.drivers import carrier_of
from telephony.provider.outcome import Outcome, Sent, TryAgain, Unknown
from tickets.outbox.results import known_to_have_left

log = structlog.get_logger()

_NOT_ASKED = "not_asked"

# A link is made anew with every attempt, so the one that has left is not the one we would send now.
_MARKS = re.compile(f"({re.escape(LINK_MARK)}|{re.escape(PIN_MARK)})")


def already_taken(factory: sessionmaker[Session], letter: Letter, account: ProviderAccount) -> Outcome | None:
    """Sent, where the carrier has it; None where it has not. While it cannot be asked nothing is sent.

    A text is known by its phone, its words and the time; one that belongs to another message of ours is not it.
    """
    if letter.doubtful_since is None:
        return None
    try:
        listed = carrier_of(account).texts_handed_over(to=letter.address, since=letter.doubtful_since)
    except ProviderUnreachable as trouble:
        return TryAgain(_NOT_ASKED, str(trouble))
    ours = pattern_of(letter.kept_text)
    return _ours(factory, letter, account, [one.sid for one in listed if ours.fullmatch(one.text.strip())])


def already_rings(factory: sessionmaker[Session], letter: Letter, account: ProviderAccount) -> Outcome | None:
    """The same for a call: nobody is rung twice because a gateway gave up waiting for its answer.

    Where calls cannot be listed, a person is shown it instead.
    """
    if letter.doubtful_since is None:
        return None
    try:
        listed = carrier_of(account).calls_handed_over(to=letter.address, since=letter.doubtful_since)
    except ProviderUnreachable as trouble:
        return TryAgain(_NOT_ASKED, str(trouble))
    return Unknown("calls_not_listed") if listed is None else _ours(factory, letter, account, list(listed))


def _ours(
    factory: sessionmaker[Session], letter: Letter, account: ProviderAccount, found: Sequence[str]
) -> Outcome | None:
    with transaction(factory) as session:
        others = known_to_have_left(session, found, account=account.name)
    sid = next((sid for sid in found if sid not in others), None)
    if sid is None:
        return None
    log.warning("message.had_left", message_id=letter.id, account=account.name)
    return Sent(account.name, sid)


def pattern_of(kept_text: str) -> re.Pattern[str]:
    """What the text looked like when it left."""
    parts = _MARKS.split(kept_text.strip())
    return re.compile("".join(r"\S+" if _MARKS.fullmatch(part) else re.escape(part) for part in parts))
