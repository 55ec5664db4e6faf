"""Answers made per request are packed before they leave: pages, tables and JSON are mostly the same few words.

Packing makes the length of an answer tell something about what it holds, which an attacker may use who can both read
lengths on the wire and make the victim's browser ask for addresses of the attacker's choice, a thousand times (BREACH).
Two things stand against that here. Each packed answer carries a random number of bytes, so that a length says little.
And the one secret of ours that stands in pages, the form token, is signed anew each second by Flask-WTF: the half that
stays the same from page to page cannot be sent without the half that changes. Cookies of ours are SameSite=Lax, so
that pictures and scripts of other sites cannot ask in a person's name in the first place.
"""

import secrets
import struct
import zlib

from flask import Response, request

_LEAST = 1000
_LEVEL = 5
_TYPES = frozenset({"text/html", "text/csv", "text/plain", "application/json", "image/svg+xml"})
_MOST_PADDING = 64
# RFC 1952: magic, deflate, "a file name follows", no time, no flags, unknown system.
_HEAD = b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff"


def compress(response: Response) -> Response:
    """Pack the answer if the client takes it and it is worth it; streams and files are left alone."""
    if response.mimetype not in _TYPES or response.is_streamed or response.direct_passthrough:
        return response
    response.vary.add("Accept-Encoding")
    if "Content-Encoding" in response.headers or not request.accept_encodings["gzip"]:
        return response
    content = response.get_data()
    if len(content) < _LEAST or response.status_code in (204, 206, 304):
        return response
    response.set_data(packed(content))
    response.headers["Content-Encoding"] = "gzip"
    # The packed bytes are others than those the tag was made of.
    etag, is_weak = response.get_etag()
    if etag and not is_weak:
        response.set_etag(etag, weak=True)
    return response


def packed(content: bytes) -> bytes:
    """The bytes as a gzip file whose name is a random number of random letters, which no reader looks at."""
    name = secrets.token_hex(_MOST_PADDING)[: secrets.randbelow(_MOST_PADDING)]
    body = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    end = struct.pack("<LL", zlib.crc32(content), len(content) & 0xFFFFFFFF)
    return _HEAD + name.encode() + b"\x00" + body.compress(content) + body.flush() + end
