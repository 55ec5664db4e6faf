"""The catalogues: several small .po files per language, merged into one at start-up; commands to extend and check them.

Every page group keeps its own file (`app/locales/vi/public.po`, `console.po`, …) so that people working side by side
do not meet in one. English is the message id, so only other languages have files.
"""

from __future__ import annotations

import argparse
import ast
import atexit
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

import structlog
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.support import Translations
from flask import Flask

from app.settings import ROOT
from app.storage.folder_owner import leave_to_the_owner, make_folder

log = structlog.get_logger()

CATALOGUES = ROOT / "app" / "locales"
SOURCES = ("templates", "app", "tickets", "telephony", "escalation")
KEYWORDS: Mapping[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None, "gettext": None, "lazy_gettext": None, "_l": None,
    "ngettext": (1, 2), "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2), "lazy_pgettext": ((1, "c"), 2),
}  # fmt: skip

MessageKey = tuple[str | None, str]


class CataloguesDisagree(Exception):
    """Two files of one language translate the same message differently."""

    def __init__(self, locale: str, conflicts: list[str]) -> None:
        self.locale, self.conflicts = locale, conflicts
        super().__init__(f"{locale}: " + "; ".join(conflicts))


def install_catalogues(app: Flask, *, cache_dir: Path) -> None:
    """Compile the catalogues below `cache_dir` (they may lie in a read-only folder) and point Flask-Babel at them.

    Call it before Babel is initialised. A compiled catalogue is kept under the hash of its sources, so that a start
    without changes reads nothing but the hash.
    """
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(compiled(cache_dir))


def compiled(cache_dir: Path) -> Path:
    """The folder that holds `<locale>/LC_MESSAGES/messages.mo`, compiled now if its sources have changed.

    Where somebody else has made what we may not read, or we may not write, it is a folder of this process alone.
    """
    try:
        return _compiled(cache_dir / _sources_hash())
    except OSError as trouble:
        log.warning("catalogues.not_kept", folder=str(cache_dir), reason=type(trouble).__name__)
        return _compiled(_folder_of_ours())


def _compiled(folder: Path) -> Path:
    for locale in languages():
        target = folder / locale / "LC_MESSAGES" / "messages.mo"
        if not target.exists():
            _write_whole(target, _binary(locale, _sources_hash()))
        with target.open("rb"):
            pass
    return folder


@cache
def _folder_of_ours() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="hotline-locales-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def translations(locale: str, cache_dir: Path) -> Translations:
    """The translations of one language for processes that have no request, such as the worker."""
    return Translations.load(str(compiled(cache_dir)), [locale], "messages")  # type: ignore[return-value]


def languages() -> list[str]:
    return sorted(folder.name for folder in CATALOGUES.iterdir() if folder.is_dir())


def catalogue_files(locale: str) -> list[Path]:
    return sorted((CATALOGUES / locale).glob("*.po"))


def read_catalogue(path: Path, locale: str) -> Catalog:
    with path.open("rb") as opened:
        return read_po(opened, locale=locale)


def merged(locale: str) -> Catalog:
    """All files of one language as one; raises CataloguesDisagree rather than let the order of files decide."""
    whole, owners, conflicts = Catalog(locale=locale), dict[MessageKey, str](), list[str]()
    for path in catalogue_files(locale):
        for message in _messages(read_catalogue(path, locale)):
            key = key_of(message)
            known = whole.get(key[1], context=key[0])
            if known and known.string and message.string and known.string != message.string:
                conflicts.append(f"{key[1]!r} differs between {owners[key]} and {path.name}")
            if not known or not known.string:
                whole.add(message.id, message.string, context=message.context)
                owners[key] = path.name
    if conflicts:
        raise CataloguesDisagree(locale, conflicts)
    return whole


def key_of(message: Message) -> MessageKey:
    singular = message.id[0] if isinstance(message.id, tuple | list) else message.id
    return message.context, singular


def twin(catalogue: Catalog, message: Message) -> Message | None:
    """The same message in another catalogue."""
    context, singular = key_of(message)
    return catalogue.get(singular, context=context)


def is_translated(message: Message | None) -> bool:
    if message is None or "fuzzy" in message.flags:
        return False
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return bool(strings) and all(strings)


def extracted(paths: Iterable[Path]) -> Catalog:
    """Every message that the templates and modules among `paths` (files or folders) say."""
    catalogue = Catalog()
    for path in paths:
        for source in _source_files(path):
            for message_id, context in _said_in(source):
                catalogue.add(message_id, context=context)
    return catalogue


def missing(locale: str, said: Catalog) -> list[Message]:
    """What is said but not translated into `locale`, in the order of the alphabet."""
    known = merged(locale)
    untranslated = [message for message in _messages(said) if not is_translated(twin(known, message))]
    return sorted(untranslated, key=lambda message: key_of(message)[1])


def extend_group(locale: str, group: str, said: Catalog) -> int:
    """Add to `<group>.po` what is said and in no file of the language yet; the number of added messages."""
    path = CATALOGUES / locale / f"{group}.po"
    catalogue = read_catalogue(path, locale) if path.exists() else Catalog(locale=locale)
    whole, added = merged(locale), 0
    for message in _messages(said):
        context, singular = key_of(message)
        if whole.get(singular, context=context) is None:
            catalogue.add(message.id, context=context)
            added += 1
    write_catalogue(path, catalogue)
    return added


def prune(locale: str, said: Catalog) -> int:
    """Remove from every file of the language what nobody says any more; the number of removed messages."""
    removed = 0
    for path in catalogue_files(locale):
        catalogue = read_catalogue(path, locale)
        leftovers = [message for message in _messages(catalogue) if twin(said, message) is None]
        for message in leftovers:
            catalogue.delete(message.id, context=message.context)
        if leftovers:
            write_catalogue(path, catalogue)
        removed += len(leftovers)
    return removed


def write_catalogue(path: Path, catalogue: Catalog) -> None:
    """Sorted, without line numbers, dates or a header of names: two people's additions then merge by themselves."""
    tidy = Catalog(locale=catalogue.locale)
    for message in _messages(catalogue):
        tidy.add(message.id, message.string, context=message.context)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as opened:
        opened.write(_header(tidy).encode())
        write_po(opened, tidy, width=100, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    Path(opened.name).chmod(0o644)
    Path(opened.name).replace(path)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m app.wording.translations", description=(__doc__ or "").splitlines()[0]
    )
    commands = parser.add_subparsers(dest="command", required=True)
    extract = commands.add_parser("extract", help="add the missing messages of some paths to one group's file")
    extract.add_argument("--group", required=True)
    extract.add_argument("paths", nargs="+", type=Path)
    listing = commands.add_parser("missing", help="list what has no translation")
    listing.add_argument("paths", nargs="*", type=Path)
    pruning = commands.add_parser("prune", help="remove what is said nowhere any more")
    for command in (extract, listing, pruning):
        command.add_argument("--locale", default="vi")
    chosen = parser.parse_args(arguments)
    if chosen.command == "extract":
        added = extend_group(chosen.locale, chosen.group, extracted(chosen.paths))
        print(f"{added} added to {chosen.group}.po; fill in their msgstr")
        return 0
    everywhere = [ROOT / source for source in SOURCES]
    if chosen.command == "prune":
        print(f"{prune(chosen.locale, extracted(everywhere))} removed")
        return 0
    untranslated = missing(chosen.locale, extracted(chosen.paths or everywhere))
    for message in untranslated:
        print(key_of(message)[1])
    return 1 if untranslated else 0


def _messages(catalogue: Catalog) -> Iterator[Message]:
    """The catalogue's messages without its header, whose id is empty."""
    return (message for message in catalogue if message.id)


def _source_files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for found in sorted(path.rglob("*")):
        if found.suffix in (".html", ".py", ".txt") and "static" not in found.parts and found.is_file():
            yield found


def _said_in(source: Path) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    method = "python" if source.suffix == ".py" else "jinja2.ext.babel_extract"
    if source.suffix == ".py" and not _translates(source):
        return
    options = {} if source.suffix == ".py" else {"silent": "false"}
    for _line, message_id, _comments, context in extract_from_file(
        method, str(source), keywords=KEYWORDS, options=options
    ):
        yield message_id, context


def _translates(source: Path) -> bool:
    """Whether a module imports a gettext: `_` is also what people call a value they do not need."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return any(alias.name.endswith("gettext") for node in imports for alias in node.names)


def _header(catalogue: Catalog) -> str:
    return (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {catalogue.locale}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )


def _sources_hash() -> str:
    digest = hashlib.sha256()
    for locale in languages():
        for path in catalogue_files(locale):
            digest.update(f"{locale}/{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def _binary(locale: str, _of: str) -> bytes:
    """The compiled form, made once in a process for these sources."""
    written = BytesIO()
    write_mo(written, merged(locale))
    return written.getvalue()


def _write_whole(target: Path, content: bytes) -> None:
    """Written aside and renamed: several processes may start at once and none may read half a file."""
    make_folder(target.parent)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as opened:
        opened.write(content)
    written = Path(opened.name)
    # Nothing of it is secret, and such a file is its writer's alone.
    written.chmod(0o644)
    leave_to_the_owner(written)
    written.replace(target)


if __name__ == "__main__":
    sys.exit(main())
