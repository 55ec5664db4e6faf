"""Mail by SMTP; without a server it is kept, marked as kept, and read in administration."""

import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote, urlsplit

from app.delivery.letter import Letter
from telephony.provider.outcome import AccountTrouble, GiveUp, Outcome, Sent, TryAgain
from tickets.outbox.letters import KEPT_MAIL

SMTP = "smtp"
# A name may have several addresses, and each that is dead is waited for.
_CONNECTS_WITHIN_SECONDS = 10
_GOODBYE_SECONDS = 3
# Servers let strangers wait on purpose, for minutes (RFC 5321, 4.5.3.2 asks for five), at whatever they are told. It is
# longer than a claim holds: meanwhile it is renewed, so that nobody else sends the mail beside us.
LONGEST_SECONDS = 240.0
HELD_EVERY_SECONDS = 15.0
# Who waits so long asks whether there is still somebody: a machine that was lost is left after 19 s.
_ALIVE = {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 3, socket.TCP_KEEPCNT: 3, socket.TCP_USER_TIMEOUT: 15_000}
# So long after the last line of a mail a server that goes on at all has taken it or has not.
_SETTLES_WITHIN_SECONDS = 600.0


# Whether the message is still ours to send, after a word that we are at it.
StillOurs = Callable[[], bool]


class _Cut:
    """A conversation that is over after `LONGEST_SECONDS`, whatever the server goes on saying, or when the message is
    no longer ours and has not left yet.

    Mixed into both of smtplib's clients, whose methods mypy cannot know here.
    """

    sock: socket.socket | None
    # All of the mail is on its way: what the server does not say from here on leaves us in doubt.
    has_left = False
    _is_over = False

    def __init__(self, *server: Any, hold: StillOurs, **more: Any) -> None:
        self._hold, self._ended = hold, threading.Event()
        super().__init__(*server, **more)

    def send(self, what: Any) -> None:
        super().send(what)  # type: ignore[misc]
        # Commands are text; the mail with its last dot is bytes, and one piece.
        if isinstance(what, bytes) and self.sock is not None:
            self.has_left = True

    def close(self) -> None:
        self._ended.set()
        super().close()  # type: ignore[misc]

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        # Called first of all, before the server has said a word.
        threading.Thread(target=self._watch, daemon=True).start()
        found: socket.socket = super()._get_socket(host, port, min(timeout, _CONNECTS_WITHIN_SECONDS))  # type: ignore[misc]
        if self._is_over:
            found.close()
            raise TimeoutError
        found.settimeout(timeout)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _ALIVE.items():
            found.setsockopt(socket.IPPROTO_TCP, option, value)
        return found

    def _watch(self) -> None:
        end = time.monotonic() + LONGEST_SECONDS
        while (left := end - time.monotonic()) > 0:
            if self._ended.wait(min(left, HELD_EVERY_SECONDS)):
                return
            if not self._hold() and not self.has_left:
                break
        self._cut()

    def _cut(self) -> None:
        self._is_over = True
        sock = self.sock
        if sock is not None:
            with suppress(OSError):
                # Not by the method of a TLS connection: whoever reads from it is to find an end, not a closed object.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Client(_Cut, smtplib.SMTP):
    pass


class _SecureClient(_Cut, smtplib.SMTP_SSL):
    pass


def send_mail(letter: Letter, *, smtp_url: str, sender: str, hold: StillOurs = lambda: True) -> Outcome:
    """Hand a mail over; `hold` is asked now and then while that goes on.

    Temporary refusals (4xx) and lost connections are tried again, final ones (5xx) never.
    Where the server took all of it and never said so it may have been kept: it is in doubt.
    """
    if not smtp_url:
        return Sent(KEPT_MAIL)
    try:
        _deliver(_message(letter, sender=sender), smtp_url=smtp_url, hold=hold)
    except _AnswerLost as lost:
        return TryAgain("no_answer", str(lost), may_have_left=True, settles_within_seconds=_SETTLES_WITHIN_SECONDS)
    except smtplib.SMTPException as refused:
        return _refused(refused)
    except OSError as trouble:
        return TryAgain("unreachable", type(trouble).__name__)
    except ValueError as malformed:
        # The address or the subject cannot be a header: no repetition mends that.
        return GiveUp("malformed", type(malformed).__name__)
    return Sent(SMTP)


def _refused(refused: smtplib.SMTPException) -> Outcome:
    """What is said to us, of the recipient, or of the mail; the more special classes come first."""
    match refused:
        case smtplib.SMTPNotSupportedError():
            # A name and a password are set, and this server takes none.
            return AccountTrouble(SMTP, "no_sign_in", str(refused))
        case smtplib.SMTPRecipientsRefused():
            return _judged(*next(iter(refused.recipients.values())))
        case (
            smtplib.SMTPAuthenticationError()
            | smtplib.SMTPSenderRefused()
            | smtplib.SMTPHeloError()
            | smtplib.SMTPConnectError()
        ):
            return _of_ours(refused.smtp_code, refused.smtp_error)
        case smtplib.SMTPResponseException():
            return _judged(refused.smtp_code, refused.smtp_error)
        case _:
            return TryAgain("unreachable", type(refused).__name__)


def sender_address(smtp_url: str, public_host: str) -> str:
    """Who mails are from: the user of the SMTP account where it is an address, else `hotline@` our host."""
    user = unquote(urlsplit(smtp_url).username or "")
    return user if "@" in user else f"hotline@{public_host}"


def _message(letter: Letter, *, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = letter.address
    message["Subject"] = letter.subject or "Hotline"
    message["Date"] = formatdate(localtime=False)
    # The same on every attempt: a receiver that sees it twice can drop the second.
    message["Message-ID"] = f"<outbound-{letter.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


class _AnswerLost(Exception):
    """The whole mail is out, and what became of it was not said."""


def _deliver(message: EmailMessage, *, smtp_url: str, hold: StillOurs) -> None:
    """Hand it over; raises _AnswerLost, or what smtplib raises. Nothing said after it was taken undoes that."""
    server = urlsplit(smtp_url)
    host = server.hostname or "localhost"
    secure = server.scheme == "smtps"
    context = _tls(is_proved=secure or bool(server.username))
    client: _Client | _SecureClient
    if secure:
        client = _SecureClient(host, server.port or 465, timeout=LONGEST_SECONDS, context=context, hold=hold)
    else:
        client = _Client(host, server.port or 587, timeout=LONGEST_SECONDS, hold=hold)
    try:
        # What a server can do it says to EHLO; before, nothing is known of it.
        client.ehlo_or_helo_if_needed()
        if not secure and client.has_extn("starttls"):
            client.starttls(context=context)
        if server.username:
            client.login(unquote(server.username), unquote(server.password or ""))
        _hand_over(client, message)
        with suppress(smtplib.SMTPException, OSError):
            if client.sock is not None:
                client.sock.settimeout(_GOODBYE_SECONDS)
            client.quit()
    finally:
        client.close()


def _tls(*, is_proved: bool) -> ssl.SSLContext:
    """A password goes only to a server that proves its name; a relay without one is spoken to as mail servers do."""
    context = ssl.create_default_context()
    if not is_proved:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _hand_over(client: _Client | _SecureClient, message: EmailMessage) -> None:
    try:
        client.send_message(message)
    except (smtplib.SMTPServerDisconnected, OSError) as lost:
        if client.has_left:
            raise _AnswerLost(type(lost).__name__) from lost
        raise


# Sign in first, sign in otherwise, no such user or password (RFC 4954, 6); nothing of it is about the recipient.
_SIGN_IN = frozenset({530, 534, 535, 538})


def _judged(code: int, words: bytes | str) -> Outcome:
    said = _text(words)
    if code in _SIGN_IN or (code >= 500 and "relay" in said.lower()):
        return AccountTrouble(SMTP, str(code), said)
    return TryAgain(str(code), said) if code < 500 else GiveUp(str(code), said)


def _of_ours(code: int, words: bytes | str) -> Outcome:
    """The server refuses us or our address: a final word of it is about our account and about no message."""
    return TryAgain(str(code), _text(words)) if 400 <= code < 500 else AccountTrouble(SMTP, str(code), _text(words))


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
