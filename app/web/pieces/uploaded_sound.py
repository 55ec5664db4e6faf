"""A file that somebody gives as sound: judged and made ready for a telephone, or refused in words."""

from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from app.storage.media import clean_name
from app.storage.media_kept import MediaRefused
from app.storage.sound_process import MOST_SOUND_BYTES, TelephoneSound, telephone_sound
from app.web.frame.current import done_with_database


def uploaded_sound(file: FileStorage | None) -> tuple[TelephoneSound, str]:
    """The sound and the file's name; raises MediaRefused. It takes a second or two, for which no row is held."""
    if file is None or not file.filename:
        raise MediaRefused("missing")
    name = clean_name(file.filename)
    content = file.stream.read(MOST_SOUND_BYTES + 1)
    done_with_database()
    return telephone_sound(content, file_name=name), name


def sound_refusal(error: MediaRefused) -> str:
    """Why it is not taken, and what would be."""
    name = error.file_name
    words = {
        "missing": _("Choose a WAV or MP3 file."),
        "empty": _("%(name)s is empty.", name=name),
        "too_large": _("%(name)s is larger than 25 MB.", name=name),
        "too_long": _("%(name)s is longer than two minutes.", name=name),
        "silent": _("Nobody speaks in %(name)s: it is silence.", name=name),
        "unusual_sound": _(
            "%(name)s is a WAV of a kind we cannot read. Save it as PCM with 16 or 24 bits and 8 to 192 kHz.", name=name
        ),
        "no_mp3_here": _("MP3 cannot be read on this machine. Save %(name)s as WAV.", name=name),
    }
    return words.get(error.code) or _("%(name)s is no sound we can read. WAV and MP3 are accepted.", name=name)
