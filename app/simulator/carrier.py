"""What the built-in carrier knows: messages it was given, calls it was told to change, recordings it keeps."""

import io
import json
import secrets
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from telephony.provider.account import LONGEST_TEXT
from tickets.people.phones import parse_phone

SAMPLES_PER_SECOND = 8000


class CarrierRefusal(Exception):
    """The carrier does not take it: an HTTP status and the provider's error code, as the real one answers."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True)
class SimulatedCarrier:
    """Kept in files, because several web processes are one carrier."""

    folder: Path

    def take_message(self, form: Mapping[str, str]) -> dict[str, Any]:
        """An SMS we are asked to deliver. A number that cannot receive any is refused, as by a real carrier."""
        phone = parse_phone(form.get("To", ""))
        if phone is None:
            raise CarrierRefusal(400, 21211, "The 'To' number is not a valid phone number.")
        if not phone.may_get_sms:
            raise CarrierRefusal(400, 21614, "'To' number is not a valid mobile number")
        if len(form.get("Body", "")) > LONGEST_TEXT:
            raise CarrierRefusal(400, 21617, "The concatenated message body exceeds the 1600 character limit")
        message: dict[str, Any] = {
            "sid": "SM" + secrets.token_hex(16),
            "status": "queued",
            "direction": "outbound-api",
            "to": form.get("To", ""),
            "from": form.get("From", ""),
            "body": form.get("Body", ""),
            "date_created": _now(),
            "error_code": None,
        }
        self._write("messages", message["sid"], message)
        return message

    def messages(self, *, to: str = "") -> list[dict[str, Any]]:
        """What was given to us, oldest first; for a telephone that looks for its own."""
        found = [self._read(path) for path in (self.folder / "messages").glob("*.json")]
        return sorted(
            (message for message in found if message and (not to or message["to"] == to)),
            key=lambda message: str(message["date_created"]),
        )

    def message(self, sid: str) -> dict[str, Any] | None:
        return self._read(self._path("messages", sid))

    def note_message_status(self, sid: str, status: str) -> None:
        message = self.message(sid)
        if message is not None:
            self._write("messages", sid, {**message, "status": status})

    def take_call(self, form: Mapping[str, str]) -> dict[str, Any]:
        """A call we are asked to place; nobody's real telephone rings."""
        if parse_phone(form.get("To", "")) is None and not form.get("To", "").startswith("client:"):
            raise CarrierRefusal(400, 21211, "The 'To' number is not a valid phone number.")
        call: dict[str, Any] = {
            "sid": "CA" + secrets.token_hex(16),
            "status": "queued",
            "direction": "outbound-api",
            "to": form.get("To", ""),
            "from": form.get("From", ""),
            "twiml": form.get("Twiml", ""),
            "url": form.get("Url", ""),
            "date_created": _now(),
        }
        self._write("calls", call["sid"], call)
        return call

    def change_call(self, sid: str, form: Mapping[str, str]) -> dict[str, Any]:
        """End a call, or lead it to another document; its telephone finds out when it looks."""
        call = {**(self.call(sid) or {"sid": sid, "status": "in-progress", "date_created": _now()})}
        if form.get("Status") in ("completed", "canceled"):
            call["status"] = form["Status"]
        if form.get("Url"):
            call |= {"url": form["Url"], "changes": int(call.get("changes", 0)) + 1}
        self._write("calls", sid, call)
        return call

    def change_recording(self, call_sid: str, status: str) -> dict[str, Any]:
        """Of a talk that is recorded, while it lasts."""
        call = self.call(call_sid) or {"sid": call_sid, "status": "in-progress", "date_created": _now()}
        if call["status"] == "completed" or status not in ("paused", "in-progress"):
            raise CarrierRefusal(404, 20404, "The requested recording was not found")
        self._write("calls", call_sid, {**call, "recording": status})
        return {"sid": f"RE{call_sid[2:]}", "call_sid": call_sid, "status": status}

    def call(self, sid: str) -> dict[str, Any] | None:
        return self._read(self._path("calls", sid))

    def calls(self, *, to: str = "") -> list[dict[str, Any]]:
        """All we know of, or those to one phone."""
        found = [self._read(path) for path in (self.folder / "calls").glob("*.json")]
        mine = (call for call in found if call and to in ("", call.get("to")))
        return sorted(mine, key=lambda call: str(call["date_created"]))

    def recording(self, sid: str) -> bytes | None:
        """A sound file of the length its identifier tells; None once it was deleted."""
        if not sid.startswith("RE") or self._path("deleted", sid).exists():
            return None
        return silence(seconds_of(sid))

    def delete_recording(self, sid: str) -> bool:
        if self.recording(sid) is None:
            return False
        self._write("deleted", sid, {"sid": sid, "date_created": _now()})
        return True

    def keep_picture(self, content: bytes) -> str:
        """What a telephone sends along; its number."""
        sid = "ME" + secrets.token_hex(16)
        path = self.folder / "pictures" / sid
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(content)
        return sid

    def picture(self, sid: str) -> bytes | None:
        try:
            return (self.folder / "pictures" / self._path("pictures", sid).stem).read_bytes()
        except OSError:
            return None

    def _path(self, kind: str, sid: str) -> Path:
        safe = "".join(c for c in sid if c.isalnum() and c.isascii())[:64] or "none"
        return self.folder / kind / f"{safe}.json"

    def _read(self, path: Path) -> dict[str, Any] | None:
        try:
            return dict(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError):
            return None

    def _write(self, kind: str, sid: str, row: Mapping[str, Any]) -> None:
        path = self._path(kind, sid)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        draft.write_text(json.dumps(row, ensure_ascii=False), "utf-8")
        draft.replace(path)


def new_recording_sid(seconds: int) -> str:
    """An identifier that tells how long the recording is: the carrier needs to keep no sound."""
    return f"RE{secrets.token_hex(14)}{min(seconds, 0xFFFF):04x}"


def seconds_of(recording_sid: str) -> int:
    try:
        return int(recording_sid[-4:], 16)
    except ValueError:
        return 1


def silence(seconds: int) -> bytes:
    """A WAV file as telephones make them, eight thousand samples a second in one channel."""
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(SAMPLES_PER_SECOND)
        file.writeframes(b"\x80" * SAMPLES_PER_SECOND * max(1, min(seconds, 600)))
    return sound.getvalue()


def _now() -> str:
    return datetime.now(UTC).isoformat()
