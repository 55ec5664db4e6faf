"""Pictures that come with a form: stored at once as pending, so that an error elsewhere in the form loses none."""

from collections.abc import Iterable, Sequence

import structlog
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from app.storage.media import MAX_PICTURES, Picture, store_picture
from app.storage.media_kept import MediaRefused
from app.web.frame.current import done_with_database, media
from tickets.work.attachments import NewFile

log = structlog.get_logger()


def take_pictures(uploads: Iterable[FileStorage], kept: Sequence[Picture]) -> tuple[tuple[Picture, ...], str | None]:
    """All pictures of the form after this sending, and a sentence about those that could not be taken.

    Called before anything is written: the store may lie behind a network.
    """
    pictures = list(kept)[:MAX_PICTURES]
    refused: list[str] = []
    given = [upload for upload in uploads if upload.filename]
    if given:
        done_with_database()
    for upload in given:
        if len(pictures) >= MAX_PICTURES:
            refused.append(_("At most %(count)s pictures can be sent; the others were left out.", count=MAX_PICTURES))
            break
        try:
            pictures.append(store_picture(media(), upload.stream, file_name=str(upload.filename)))
        except MediaRefused as error:
            refused.append(refusal(error))
        except OSError as error:
            # A full disk, or a store that is away, costs the pictures, never the report.
            log.error("picture not kept", error=str(error))
            refused.append(_("Pictures cannot be saved at the moment. You can send without them."))
            break
    return tuple(pictures), " ".join(refused) or None


def kept_files(pictures: tuple[Picture, ...]) -> list[NewFile]:
    """The pending pictures given a lasting place; one that was swept meanwhile is left out."""
    files = []
    for picture in pictures:
        try:
            key = media().keep(picture.storage_key)
        except FileNotFoundError:
            continue
        files.append(NewFile(picture.file_name, picture.media_type, picture.size_bytes, picture.sha256, key))
    return files


def refusal(error: MediaRefused) -> str:
    """Why a picture is not taken, and what to do instead."""
    name = error.file_name
    words = {
        "too_large": _("%(name)s is larger than 10 MB.", name=name),
        "too_many_pixels": _("%(name)s has too many pixels. Please send a smaller copy.", name=name),
        "heic": _(
            "%(name)s is an HEIC photograph, which not every device can show. Please choose “most compatible” (JPEG) "
            "in your camera's settings, or send a screenshot.",
            name=name,
        ),
        "empty": _("%(name)s is empty.", name=name),
    }
    return words.get(error.code) or _(
        "%(name)s is not a picture we can show. JPEG, PNG and WebP are accepted.", name=name
    )
