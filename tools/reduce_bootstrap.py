"""Cut Bootstrap to what our templates use: `python -m tools.reduce_bootstrap` writes app/static/css/bootstrap.css.

Run it after using a class of Bootstrap for the first time; tests/whole_app/test_static.py notices when that was
forgotten. A rule is kept when every class in its selector is used, and a variable when a kept rule, or one of our own
style sheets, reads it. Elements without a class (`button`, `table`) are kept as they are.
"""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "app" / "static"
WHOLE = STATIC / "vendor" / "bootstrap" / "bootstrap.min.css"
REDUCED = STATIC / "css" / "bootstrap.css"

# Groups of rules that hold only inside them; other at-rules (`@keyframes`) are judged by their name.
_GROUPS = ("@media", "@supports")
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_CLASS_ATTRIBUTE = re.compile(r"""class(?:Name)?\s*=\s*"((?:\{\{.*?\}\}|\{%.*?%\}|[^"])*)\"""", re.DOTALL)
_QUOTED = re.compile(r'"([^"\n]*)"')
_WORD = re.compile(r"[A-Za-z][\w-]*")
_VARIABLE = re.compile(r"(--bs-[\w-]+):")


def main() -> None:
    REDUCED.write_text(reduced(), encoding="utf-8")
    print(f"{REDUCED.relative_to(ROOT)}: {REDUCED.stat().st_size} of {WHOLE.stat().st_size} bytes")


def reduced() -> str:
    """Bootstrap with the rules that our pages need, under its own licence line."""
    whole = WHOLE.read_text(encoding="utf-8")
    licence, _, rules = whole.partition("*/")
    names = used_names() & set(_CLASS.findall(rules))
    kept = "\n".join(_kept(rules, names))
    kept = "\n".join(_kept_keyframes(kept))
    own = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("css/*.css") if path != REDUCED)
    kept = re.sub(r"(?m)^[^{}\n]+\{\}\n", "", _without_unread(kept, own))
    return f"{licence}*/\n/* Reduced by tools/reduce_bootstrap.py: do not edit. */\n{kept}\n"


def used_names() -> set[str]:
    """Words that may be classes: all of class attributes, and quoted ones with a hyphen wherever pages are made."""
    names: set[str] = set()
    for path in _sources():
        text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for attribute in _CLASS_ATTRIBUTE.findall(text):
            names.update(_WORD.findall(attribute))
        for quoted in _QUOTED.findall(text):
            names.update(word for word in _WORD.findall(quoted) if "-" in word)
    return names


def _sources() -> Iterator[Path]:
    yield from sorted((ROOT / "templates").rglob("*.html"))
    yield from sorted((STATIC / "js").rglob("*.js"))
    for room in ("web", "wording"):
        yield from sorted((ROOT / "app" / room).rglob("*.py"))


def _kept(rules: str, names: set[str]) -> Iterator[str]:
    for head, body in _blocks(rules):
        if head.startswith(_GROUPS):
            if inner := "".join(_kept(body, names)):
                yield f"{head}{{{inner}}}"
        elif head.startswith("@"):
            yield f"{head}{{{body}}}"
        elif selectors := [part for part in _parts(head) if _is_used(part, names)]:
            yield f"{','.join(selectors)}{{{body}}}"


def _is_used(selector: str, names: set[str]) -> bool:
    # What a selector excludes need not exist.
    return set(_CLASS.findall(re.sub(r":not\([^)]*\)", "", selector))) <= names


def _blocks(rules: str) -> Iterator[tuple[str, str]]:
    """Each rule as what stands before its brace and what stands inside."""
    start = depth = inner = 0
    for at, sign in enumerate(rules):
        if sign == "{":
            depth += 1
            inner = inner or at
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield rules[start:inner].strip(), rules[inner + 1 : at]
                start, inner = at + 1, 0


def _parts(selectors: str) -> list[str]:
    """The selectors of a list; commas inside parentheses do not part them."""
    return re.split(r",(?![^(]*\))", selectors)


def _kept_keyframes(rules: str) -> Iterator[str]:
    for head, body in _blocks(rules):
        name = head.partition(" ")[2]
        if not head.startswith("@keyframes") or re.search(rf"animation[\w-]*:[^;}}]*{re.escape(name)}\b", rules):
            yield f"{head}{{{body}}}"


def _without_unread(rules: str, own: str) -> str:
    """Leave out variables that nothing reads, again and again: one that is gone may have been another's only reader."""
    while True:
        unread = {name for name in _VARIABLE.findall(rules) if f"var({name}" not in rules + own}
        if not unread:
            return rules
        declared = "|".join(re.escape(name) for name in sorted(unread))
        rules = re.sub(rf"(?<![\w-])(?:{declared}):[^;}}]*;?", "", rules)


if __name__ == "__main__":
    main()
