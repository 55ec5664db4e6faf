"""A few fields as one unreadable word for an address: keys may be somebody's PIN, and addresses end in access logs."""

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping, Sequence

# Providers and servers refuse addresses of more than four thousand characters.
MOST_CHARACTERS = 1500
_TAG_BYTES = 16


def seal(fields: Mapping[str, str], key: bytes) -> str:
    """The same fields make the same word: a repeated request must get the same bytes again.

    Encrypted with a stream that is derived from the fields' own keyed digest, which on opening proves that nothing was
    changed (a synthetic initialisation vector as in RFC 5297, with HMAC-SHA-256 in both places).
    """
    plain = zlib.compress(json.dumps(fields, ensure_ascii=False, sort_keys=True).encode(), 9)
    tag = _tag(plain, key)
    return base64.urlsafe_b64encode(tag + _stirred(plain, tag, key)).decode().rstrip("=")


def opened(word: str, keys: Sequence[bytes]) -> dict[str, str]:
    """The fields in it; none when it was not sealed with one of the keys."""
    try:
        whole = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
    except (binascii.Error, ValueError):
        return {}
    tag, hidden = whole[:_TAG_BYTES], whole[_TAG_BYTES:]
    for key in keys:
        plain = _stirred(hidden, tag, key)
        if hmac.compare_digest(tag, _tag(plain, key)):
            return {str(name): str(value) for name, value in json.loads(zlib.decompress(plain)).items()}
    return {}


def _tag(plain: bytes, key: bytes) -> bytes:
    return hmac.new(key, b"tag" + plain, hashlib.sha256).digest()[:_TAG_BYTES]


def _stirred(text: bytes, tag: bytes, key: bytes) -> bytes:
    """Twice is the text again."""
    blocks = range(-(-len(text) // hashlib.sha256().digest_size))
    stream = b"".join(
        hmac.new(key, b"stream" + tag + block.to_bytes(4, "big"), hashlib.sha256).digest() for block in blocks
    )
    return bytes(one ^ other for one, other in zip(text, stream, strict=False))
