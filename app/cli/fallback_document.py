"""`./hotline fallback-document`: what callers hear and others read when no process of ours answers."""

from __future__ import annotations

import argparse
import os
import shlex
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.commands import CommandRefused, Commands
from app.cli.whole_file import make_folder, whole_file

if TYPE_CHECKING:
    from app.settings import Settings

# As the proxies' examples in deploy/ name them: for each half the document, and a whole answer that begins with it.
HALVES = ("failsafe", "failsafe-thanks")
PAGE, PROBLEM = "failsafe-page", "failsafe-problem"
_ANSWER = "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nCache-Control: no-store\r\nContent-Length: {length}\r\n\r\n"
_AWAY = "503 Service Unavailable\r\nRetry-After: 15"


def register(commands: Commands) -> None:
    """Add `fallback-document`."""
    parser = commands.add_parser(
        "fallback-document", help="print the document that callers hear when no process of ours answers"
    )
    parser.add_argument("--account", help="the phone provider's account (default: the one that is set up)")
    parser.add_argument("--thanks-url", metavar="URL", help="where its second half lies, if not at our own address")
    parser.add_argument("--thanks", action="store_true", help="print the second half: what follows the recording")
    parser.add_argument(
        "--into",
        metavar="DIR",
        help="write both halves there, and what is read instead of pages: NAME.http for HAProxy, the others for nginx",
    )
    parser.add_argument("--data", metavar="DIR", help="the data folder (.hotline)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Needs settings alone: no database, no Redis. Refused when a provider could not play what would be printed."""
    first, second = documents(arguments.data, arguments.account, arguments.thanks_url)
    if arguments.into:
        _write(Path(arguments.into), first, second, arguments.data)
        _say_what_is_closed(Path(arguments.into))
        return 0
    print(second if arguments.thanks else first)
    return 0


def _write(folder: Path, first: str, second: str, data: str | None) -> None:
    from app.wording.away import away_page, away_problem

    settings = _settings(data)
    if not settings.city_line:
        print("HOTLINE_CITY_LINE is not set: the page names no number of the city's.", file=sys.stderr)
    make_folder(folder)
    for name, ending, said, status, kind in (
        (HALVES[0], "xml", first, "200 OK", "text/xml"),
        (HALVES[1], "xml", second, "200 OK", "text/xml"),
        (PAGE, "html", away_page(settings), _AWAY, "text/html; charset=utf-8"),
        (PROBLEM, "json", away_problem(), _AWAY, "application/problem+json"),
    ):
        body = said.encode()
        for path, content in (
            (folder / f"{name}.{ending}", body),
            (folder / f"{name}.http", _ANSWER.format(status=status, kind=kind, length=len(body)).encode() + body),
        ):
            # The old one is spoken until the new one is whole.
            with whole_file(path) as file:
                file.write(content)
                # Public words, read by the proxy's own user, also where the umask of whoever writes them is strict.
                os.fchmod(file.fileno(), 0o644)
            print(path, file=sys.stderr)


def _say_what_is_closed(folder: Path) -> None:
    """Name the folders that a stranger, such as the proxy's user, may not pass.

    Nothing else would: the proxy starts, and callers hear nothing on the first night on which none of ours answers.
    """
    closed = [path for path in (folder.resolve(), *folder.resolve().parents) if not path.stat().st_mode & stat.S_IXOTH]
    for path in closed:
        print(
            f"{path} is closed to other users: unless the proxy's user is of its group, callers would hear nothing. "
            f"Open it with: chmod o+x {shlex.quote(str(path))}",
            file=sys.stderr,
        )


def _settings(data: str | None) -> Settings:
    from app.settings import load_settings

    return load_settings(**({"data_dir": Path(data)} if data else {}))


def documents(data: str | None, account: str | None, thanks_url: str | None) -> tuple[str, str]:
    """Both halves, checked against what the account's provider can play; every address in them is absolute."""
    from app.phone.accounts import provider_accounts
    from app.wording.spoken_words import speak
    from telephony.provider.failsafe import THANKS, failsafe_document, failsafe_thanks_document
    from telephony.provider.failsafe_faults import failsafe_faults

    settings = _settings(data)
    accounts = provider_accounts(settings)
    name = account or next(iter(accounts), "")
    if name not in accounts:
        known = ", ".join(accounts) or "none: set the settings of your phone provider (README, Configure)"
        raise CommandRefused(f"There is no account {name!r}. Accounts: {known}.")
    can = accounts[name].capabilities
    url = thanks_url or f"{settings.base_url}/webhooks/{name}/{THANKS}"
    if not url.startswith(("https://", "http://")):
        raise CommandRefused(f"{url} is not an absolute address: give one that begins with https://")
    first = failsafe_document(speak, capabilities=can, duty_phone=settings.duty_phone or None, thanks_url=url)
    second = failsafe_thanks_document(speak, capabilities=can)
    if faults := [*failsafe_faults(first, can), *failsafe_faults(second, can)]:
        raise CommandRefused(f"The provider of {name} could not play it: {'; '.join(faults)}.")
    return first, second
