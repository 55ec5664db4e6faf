"""Why Hotline does not start or is not ready, in words for the person at the terminal and on the screen."""

from collections.abc import Callable

from flask_babel import force_locale
from flask_babel import gettext as _

from app.settings import Settings
from app.storage.database import UnsafeDatabase
from app.storage.schema_state import SchemaFault
from app.storage.secret_keys import WrongKey
from app.storage.starting import SchemaUnfit
from app.wording.messages import message_app
from tickets.states import LOCALES


def in_both_languages(unsafe: UnsafeDatabase, settings: Settings) -> str:
    """Who stands at a terminal has chosen no language."""
    return _in_both(lambda: refusal_words(unsafe), settings)


def no_directory_in_both_languages(settings: Settings) -> str:
    return _in_both(lambda: _("There is no directory: no contact can be received. Run ./hotline migrate."), settings)


def _in_both(words: Callable[[], str], settings: Settings) -> str:
    said = []
    with message_app(settings).app_context():
        for locale in LOCALES:
            with force_locale(locale):
                said.append(words())
    return "\n".join(dict.fromkeys(said))


def refusal_words(unsafe: UnsafeDatabase) -> str:
    """In the language spoken now; what nobody has translated is told as it stands."""
    if isinstance(unsafe, SchemaUnfit):
        return schema_words(unsafe.fault, unsafe.shown)
    if isinstance(unsafe, WrongKey):
        return _(
            "The secret key is not the one these data were made under (theirs has the fingerprint %(known)s, ours "
            "%(ours)s): references, PINs and links would no longer open. Set HOTLINE_SECRET_KEY to that key; to change "
            "keys, name it in HOTLINE_SECRET_KEY_PREVIOUS.",
            known=unsafe.known,
            ours=unsafe.ours,
        )
    return str(unsafe)


def schema_words(fault: SchemaFault, differences: str) -> str:
    """What is wrong with the tables, and what to do. `differences` name them as the database does."""
    words = {
        SchemaFault.EMPTY: _("The database has no tables yet. Run ./hotline migrate, then start again."),
        SchemaFault.UNREADABLE: _(
            "The application's role may not read the tables. Run ./hotline migrate, which lets it, then start again."
        ),
        SchemaFault.OLDER: _("The database is of an older version. Run ./hotline migrate, then start again."),
        SchemaFault.NEWER: _(
            "The database is of a newer version, which this one cannot work with: %(differences)s. Start the "
            "newer one.",
            differences=differences,
        ),
        SchemaFault.DIFFERENT: _(
            "The tables are not those of this version: another build made them, or somebody changed them: "
            "%(differences)s. Start the build that made them, put back what was changed, or restore a backup.",
            differences=differences,
        ),
    }
    return words[fault]
