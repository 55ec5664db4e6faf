"""Where a form may lead back to: a path of ours and nothing else."""

from urllib.parse import urlsplit


def local_target(target: str, otherwise: str = "/") -> str:
    """`target` if it is a path of ours; anything that could lead to another site is replaced."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith(("//", "/\\")):
        return otherwise
    if any(ord(letter) < 32 for letter in target) or "\\" in target:
        return otherwise
    return target
