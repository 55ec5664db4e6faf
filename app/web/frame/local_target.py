"""Where a form may lead back to: a path of ours and nothing else; and addresses that somebody else has written."""

from urllib.parse import SplitResult, urlsplit


def local_target(target: str, otherwise: str = "/") -> str:
    """`target` if it is a path of ours; anything that could lead to another site is replaced."""
    parts = parts_of(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith(("//", "/\\")):
        return otherwise
    if any(ord(letter) < 32 for letter in target) or "\\" in target:
        return otherwise
    return target


def parts_of(address: str) -> SplitResult:
    """The parts of an address that a browser or anybody sent us; all empty for what is none, such as `http://[`."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
