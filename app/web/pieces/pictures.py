"""Pictures that come with a form: stored at once as pending, so that an error elsewhere in the form loses none."""

from collections.abc import Iterable, Sequence

import structlog
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from app.storage.media import MAX_PICTURES, MediaRefused, Picture, keep, store_picture
from app.web.frame.current import settings
from tickets.work.attachments import NewFile

log = structlog.get_logger()


def take_pictures(uploads: Iterable[FileStorage], kept: Sequence[Picture]) -> tuple[tuple[Picture, ...], str | None]:
    """All pictures of the form after this sending, and a sentence about those that could not be taken."""
    pictures = list(kept)[:MAX_PICTURES]
    refused: list[str] = []
    for upload in uploads:
        if not upload.filename:
            continue
        if len(pictures) >= MAX_PICTURES:
            refused.append(_("At most %(count)s pictures can be sent; the others were left out.", count=MAX_PICTURES))
            break
        try:
            pictures.append(store_picture(settings().media_folder, upload.stream, file_name=upload.filename))
        except MediaRefused as error:
            refused.append(refusal(error))
        except OSError as error:
            # A full disk costs the pictures, never the report.
            log.error("picture not kept", error=str(error))
            refused.append(_("Pictures cannot be saved at the moment. You can send without them."))
            break
    return tuple(pictures), " ".join(refused) or None


def kept_files(pictures: tuple[Picture, ...]) -> list[NewFile]:
    """The pending pictures given a lasting place; one that was swept meanwhile is left out."""
    folder = settings().media_folder
    files = []
    for picture in pictures:
        try:
            key = keep(folder, picture.storage_key)
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
