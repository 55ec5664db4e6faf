"""Sending a kept file to a browser that may have it: shown only when it is a picture of ours, else offered to save."""

from flask import Response, send_file

from app.storage.media import INLINE_TYPES, clean_name, path_of
from app.web.frame.current import settings
from tickets.errors import NotFound
from tickets.schema import Attachment


def attached_file(attachment: Attachment) -> Response:
    """The file's answer; the caller has checked that the person may have it."""
    try:
        path = path_of(settings().media_folder, attachment.storage_key)
    except FileNotFoundError as error:
        raise NotFound("file") from error
    is_shown = attachment.media_type in INLINE_TYPES
    response = send_file(
        path,
        mimetype=attachment.media_type if is_shown else "application/octet-stream",
        as_attachment=not is_shown,
        download_name=clean_name(attachment.file_name),
        conditional=False,
        etag=False,
        max_age=0,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response
