"""What accounts can do, and what a live look at one found, in plain sentences."""

from flask_babel import gettext as _

from app.phone.account_check import TO_KNOW, WELL, Found, Looked
from app.phone.unreached import Unreached
from telephony.provider.account import Capability, ProviderKind
from telephony.provider.account_kinds import ACCOUNT_KINDS, AccountKind


def kind_words(kind: ProviderKind) -> str:
    """The names of providers are the same in every language."""
    if kind is ProviderKind.GATEWAY:
        return _("Domestic SMS gateway")
    label = ACCOUNT_KINDS[kind].label
    return _("The city’s own server behind a SIP trunk (%(name)s)", name=label) if _is_own(kind) else label


def _is_own(kind: ProviderKind) -> bool:
    return kind is ProviderKind.OWN_TRUNK


def capability_words(one: Capability) -> str:
    return {
        Capability.VOICE: _("carries calls"),
        Capability.SMS_INBOUND: _("brings text messages"),
        Capability.SMS_OUTBOUND: _("sends text messages"),
        Capability.SPEECH: _("understands speech"),
        Capability.PAUSE: _("can be silent for a while"),
        Capability.CONFERENCE: _("joins several people in one call"),
        Capability.MMS: _("brings pictures with texts"),
        Capability.SIP: _("rings SIP telephones"),
        Capability.CLIENT: _("rings in browsers"),
        Capability.WHISPER: _("asks whoever picks up for a key before connecting"),
        Capability.RECORDING_DUAL: _("records both sides apart"),
        Capability.ANSWERED_BY: _("tells people from answering machines"),
        Capability.GOOGLE_VOICES: _("has the usual natural voices"),
        Capability.URL_OVERRIDES: _("tries our address again as we ask it to"),
        Capability.ENQUEUE: _("keeps a queue of its own"),
    }[one]


def instead_words(kind: AccountKind) -> list[str]:
    """What is done for callers instead of what accounts of this kind cannot do."""
    if not kind.carries_calls:
        return []
    instead = {
        Capability.SPEECH: _("Callers are asked for keys wherever others may also speak."),
        Capability.PAUSE: _("A silent sound is played in place of a pause."),
        Capability.CLIENT: _("Agents are rung on a SIP telephone, and not in the browser by name."),
        Capability.WHISPER: _(
            "Agents at a plain number are not rung: a voicemail would take the caller. "
            "They need the browser or a SIP telephone."
        ),
        Capability.RECORDING_DUAL: _("Talks are not recorded; messages that callers leave are."),
        Capability.CONFERENCE: _("A call is handed on through the queue, and nobody can listen in."),
    }
    lacking = [words for one, words in instead.items() if one not in kind.possible]
    if not kind.steers_talks:
        lacking.append(
            _(
                "Hold, passing on and taking over begin when the agent’s telephone goes down: the browser does that by "
                "itself, a SIP telephone is put down by hand. A talk ends without our goodbye."
            )
        )
    return lacking


def seen_words(found: Found) -> tuple[str, str]:
    """The tone of a notice and its sentence."""
    tone = "good" if found.what in WELL else "warn" if found.what in TO_KNOW else "bad"
    return tone, _sentences(found)[found.what]


def _why(said: str) -> str:
    return {
        Unreached.NOT_TRUSTED: _("this machine does not trust its certificate, whose chain may not be whole"),
        Unreached.NO_SUCH_NAME: _("no name service here knows its name, which may be mistyped"),
        Unreached.NOTHING_LISTENS: _("nothing listens at that address"),
        Unreached.NO_ANSWER: _("nothing answered in time, as when a firewall lets nothing through"),
        Unreached.NOT_UNDERSTOOD: _("something answers at that address that does not speak as this provider does"),
        Unreached.BROKEN_OFF: _("the connection broke off"),
    }.get(Unreached(said) if said in set(Unreached) else Unreached.BROKEN_OFF, "")


def _sentences(found: Found) -> dict[Looked, str]:
    said, phone, wanted = found.said, found.phone, found.wanted
    return {
        Looked.LET_IN: _("The provider lets us in."),
        Looked.REFUSED: _(
            "The provider refuses our account (%(code)s): nothing leaves by it. Type its number and token or key anew.",
            code=said,
        ),
        Looked.ANSWERED: _(
            "The provider answers %(code)s to a question that every account may ask. See what it says of itself.",
            code=said,
        ),
        Looked.AWAY: _("The provider is not reached from here: %(why)s.", why=_why(said)),
        Looked.ROUND: _("A signed event reaches us at our public address, and a forged one is refused."),
        Looked.PROXY_SPEAKS: _("Our public address believes everybody: a proxy speaks for us, and no process of ours."),
        Looked.NOT_ROUND: _(
            "Our public address answered %(codes)s to a genuine and a forged event; 204 and 403 are right. "
            "A proxy may change the path, or HOTLINE_PUBLIC_BASE_URL may not be the address it serves.",
            codes=said,
        ),
        Looked.NOT_REACHED: _("Our public address is not reached from here: %(why)s.", why=_why(said)),
        Looked.NOT_LISTED: _(
            "This provider cannot be asked where its numbers lead. Compare its page with the addresses of this account."
        ),
        Looked.LINE_RIGHT: _("%(phone)s leads to us.", phone=phone),
        Looked.LINE_WRONG: _(
            "%(phone)s leads to %(said)s. Set it to %(wanted)s.", phone=phone, said=said or _("nowhere"), wanted=wanted
        ),
        Looked.LINE_ABSENT: _("%(phone)s is one of our lines, and this account does not have the number.", phone=phone),
        Looked.NO_FALLBACK: _(
            "%(phone)s has no fallback address: callers hear nothing when we do not answer. Set it to %(wanted)s.",
            phone=phone, wanted=wanted,
        ),
    }  # fmt: skip
