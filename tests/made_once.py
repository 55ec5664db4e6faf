"""What the hundreds of applications and servers of a test process would each make, or wait for, alike."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import BaseServer

import pytest
from jinja2 import FileSystemBytecodeCache
from werkzeug.routing import Rule
from werkzeug.serving import BaseWSGIServer

from app.web.frame.application import HotlineApp

_BUILT = Rule._compile_builder
# How often a server that a test started in itself looks whether it is to end: by default after half a second, for which
# the end of each such test would wait.
_LOOKS_EVERY = 0.02


@contextmanager
def made_once(folder: Path) -> Iterator[None]:
    """Until the block ends. `folder`: where templates are kept as they were compiled, for several processes."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(HotlineApp, "jinja_options", {"bytecode_cache": FileSystemBytecodeCache(str(folder))})
        patched.setattr(Rule, "_compile_builder", _addresses())
        for kind in (BaseServer, BaseWSGIServer):
            patched.setattr(kind.serve_forever, "__defaults__", (_LOOKS_EVERY,))
        yield


def _addresses() -> Callable[[Rule, bool], Callable[..., tuple[str, str]]]:
    """Writes and compiles the function that builds a rule's addresses once for each address: it knows no application.

    Values go through the converters of the rule that asks. Four fifths of making an application are these functions.
    """
    kept: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}

    def built(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if rule.defaults:
            return _BUILT(rule, append_unknown)
        address = (rule.rule, *rule._trace, append_unknown)
        if address not in kept:
            kept[address] = _BUILT(rule, append_unknown)
        return kept[address]

    return built
