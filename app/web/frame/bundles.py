"""Many source files as one: style sheets with their dark half for `auto`, scripts with their modules inside.

A browser on a bad line pays a round trip per file and per import. The sources stay small files that run as they are;
these functions understand as much of CSS and of modules as the sources use, and refuse the rest.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from posixpath import dirname, join, normpath

# From a path below the static folder to the address it is served under.
Address = Callable[[str], str]

_COMMENT = re.compile(r"/\*(?!!).*?\*/", re.DOTALL)
_ADDRESS = re.compile(r"url\(\"?((?!data:)[^\")]+)\"?\)")
_DARK = re.compile(r"""\[data-bs-theme="?dark"?\]""")
_DARK_RULE = re.compile(rf"([^{{}};]*{_DARK.pattern}[^{{}}]*)(\{{[^{{}}]*\}})")
_CHARSET = '@charset "UTF-8";'

_IMPORT = re.compile(r"^import \{([^}]*)\} from \"([^\"]+)\";$", re.MULTILINE)
_BARE_IMPORT = re.compile(r"^import \"([^\"]+)\";$", re.MULTILINE)
_LATE_IMPORT = re.compile(r"\bimport\(\"([^\"]+)\"\)")
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|const|let|class) (\w+))", re.MULTILINE)
_EXPORT_LIST = re.compile(r"^export \{([^}]*)\};$", re.MULTILINE)
_LEFT_OVER = re.compile(r"^\s*(?:import|export)\b(?!\()|\bimport\.meta\b", re.MULTILINE)


class NotUnderstood(Exception):
    """A script or style sheet uses what these functions do not know."""


def one_sheet(folder: Path, paths: tuple[str, ...], address: Address) -> str:
    """The style sheets in this order as one, with the addresses of what they load."""
    return _CHARSET + "".join(_sheet(folder, path, address) for path in paths)


def _sheet(folder: Path, path: str, address: Address) -> str:
    text = _COMMENT.sub("", (folder / path).read_text(encoding="utf-8").replace(_CHARSET, ""))
    text = re.sub(r"\s*\n\s*", "\n", text)
    text = _ADDRESS.sub(lambda found: f'url("{address(_beside(path, found[1]))}")', text)
    return _DARK_RULE.sub(_with_dark_device, text)


def _with_dark_device(rule: re.Match[str]) -> str:
    """The rule, and again for pages that follow the device: dark without any script, also when it changes at dusk."""
    selectors = [part.strip() for part in rule[1].split(",") if _DARK.search(part)]
    if ":root" in rule[1]:
        return rule[0]
    auto = ",".join(_DARK.sub('[data-theme="auto"]', part) for part in selectors)
    return f"{rule[0]}@media (prefers-color-scheme:dark){{{auto}{rule[2]}}}"


def one_script(folder: Path, paths: tuple[str, ...]) -> str:
    """The scripts and every module they import, each once and after what it imports, as one classic script."""
    done: list[str] = []
    bodies = [body for path in paths for body in _modules(folder, path, done, ())]
    return '"use strict";(()=>{const modules={};\n' + "\n".join(bodies) + "\n})();\n"


def _modules(folder: Path, path: str, done: list[str], above: tuple[str, ...]) -> Iterator[str]:
    if path in above:
        raise NotUnderstood(f"{path} imports itself through {' and '.join(above)}")
    if path in done:
        return
    text = (folder / path).read_text(encoding="utf-8")
    wanted = [*(found[1] for found in _IMPORT.findall(text)), *_BARE_IMPORT.findall(text), *_LATE_IMPORT.findall(text)]
    for other in wanted:
        yield from _modules(folder, _beside(path, other), done, (*above, path))
    done.append(path)
    yield _module(path, text)


def _module(path: str, text: str) -> str:
    names = [*_EXPORT.findall(text), *(name for listed in _EXPORT_LIST.findall(text) for name in _names(listed))]
    text = _IMPORT.sub(lambda found: f"const {{{found[1].replace(' as ', ':')}}}={_held(path, found[2])};", text)
    text = _BARE_IMPORT.sub("", text)
    text = _LATE_IMPORT.sub(lambda found: f"Promise.resolve({_held(path, found[1])})", text)
    text = _EXPORT_LIST.sub("", _EXPORT.sub("", text))
    text = re.sub(r"^\s*//.*\n", "", text, flags=re.MULTILINE)
    if left := _LEFT_OVER.search(text):
        raise NotUnderstood(f"{path}: {left[0].strip()}")
    # As with modules of their own, one that fails says so and takes along only what imports it.
    body = f'modules["{path}"]=(()=>{{\n{text}\nreturn{{{",".join(names)}}};}})()'
    return f"try{{{body}}}catch(trouble){{reportError(trouble)}}"


def _names(listed: str) -> list[str]:
    names = [name.strip() for name in listed.split(",") if name.strip()]
    if renamed := next((name for name in names if " as " in name), None):
        raise NotUnderstood(f"export {{ {renamed} }}")
    return names


def _held(path: str, other: str) -> str:
    return f'modules["{_beside(path, other)}"]'


def _beside(path: str, relative: str) -> str:
    return normpath(join(dirname(path), relative))
