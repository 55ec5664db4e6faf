"""Sending a kept file to a browser that may have it: shown only when it is a picture of ours, else offered to save."""

import structlog
from flask import Response, request, send_file

from app.storage.media import INLINE_TYPES, clean_name
from app.storage.media_kept import MediaGone, StoredFile
from app.web.frame.current import done_with_database, media
from tickets.schema import Attachment, Recording

log = structlog.get_logger()


def attached_file(attachment: Attachment) -> Response:
    """The file's answer; the caller has checked that the person may have it."""
    is_shown = attachment.media_type in INLINE_TYPES
    file_name, media_type = attachment.file_name, attachment.media_type
    opened = _opened(attachment.storage_key)
    response = send_file(
        opened.stream,
        mimetype=media_type if is_shown else "application/octet-stream",
        as_attachment=not is_shown,
        download_name=clean_name(file_name),
        conditional=False,
        etag=False,
        max_age=0,
    )
    response.content_length = opened.size_bytes
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def kept_sound(recording: Recording) -> Response:
    """A recording's answer, from the second where the person listens on; the caller has checked that they may."""
    media_type = recording.media_type or "audio/wav"
    opened = _opened(recording.storage_key or "")
    response = send_file(opened.stream, mimetype=media_type, conditional=False, etag=False, max_age=0)
    response.content_length = opened.size_bytes
    response.make_conditional(request.environ, accept_ranges=True, complete_length=opened.size_bytes)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _opened(key: str) -> StoredFile:
    """The last of its request: what was read is read, who listened is written down, and a slow store holds no row."""
    done_with_database()
    try:
        return media().open(key)
    except FileNotFoundError as error:
        log.error("media.gone", key=key)
        raise MediaGone(key) from error
