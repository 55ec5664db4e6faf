"""A provider that is nothing but its own OpenAPI description: refuses what the description does not allow.

A form or an address with a field that is not described is refused too, which servers of this kind let pass.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

DESCRIPTION = Path(__file__).resolve().parents[1] / "data" / "twilio_api.json"
Pairs = list[tuple[str, str]]


@dataclass
class Described:
    """`refused` tells why, `asked` what was understood: method and path as described."""

    description: dict[str, Any]
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def judge(self, method: str, address: str, body: str, *, is_known: bool) -> tuple[int, Any]:
        """The status and an answer as described, or 422."""
        parts = urlsplit(address)
        found = self._found(method, parts.path)
        wrong = [] if is_known else ["nobody says who asks"]
        if found is None:
            wrong.append("there is no such request")
        else:
            path, values, described = found
            self.asked.append((method, path))
            query = parse_qsl(parts.query, keep_blank_values=True)
            wrong += self._parameter_faults(described, values, query)
            wrong += self._form_faults(described, parse_qsl(body, keep_blank_values=True))
        if wrong or found is None:
            self.refused += [f"{method} {parts.path}: {one}" for one in wrong]
            return 422, {"code": 422, "status": 422, "message": "; ".join(wrong), "more_info": ""}
        return self._answer(found[2])

    def _found(self, method: str, path: str) -> tuple[str, dict[str, str], dict[str, Any]] | None:
        for template, methods in self.description["paths"].items():
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
            if method.lower() in methods and (fits := re.fullmatch(pattern, path)):
                return template, fits.groupdict(), methods[method.lower()]
        return None

    def _parameter_faults(self, described: dict[str, Any], values: dict[str, str], query: Pairs) -> list[str]:
        known = {(one["in"], one["name"]): one for one in described.get("parameters", ())}
        given = [("path", *pair) for pair in values.items()] + [("query", *pair) for pair in query]
        wrong = []
        for place, name, value in given:
            if (place, name) not in known:
                wrong.append(f"{name} is not described")
            else:
                wrong += self._faults(name, value, known[place, name]["schema"])
        there = {(place, name) for place, name, _ in given}
        return wrong + [f"{name} is missing" for name in self._required(known) if name not in there]

    @staticmethod
    def _required(known: dict[tuple[str, str], Any]) -> list[tuple[str, str]]:
        return [name for name, one in known.items() if one.get("required")]

    def _form_faults(self, described: dict[str, Any], form: Pairs) -> list[str]:
        content = described.get("requestBody", {}).get("content", {})
        schema = content.get("application/x-www-form-urlencoded", {}).get("schema", {})
        known = schema.get("properties", {})
        wrong = [f"{name} is not described" for name, _ in form if name not in known]
        wrong += [one for name, value in form if name in known for one in self._faults(name, value, known[name])]
        return wrong + [f"{name} is missing" for name in schema.get("required", ()) if name not in dict(form)]

    def _faults(self, name: str, value: str, schema: dict[str, Any]) -> list[str]:
        schema = self._resolved(schema)
        if schema.get("type") == "array":
            return self._faults(name, value, schema.get("items", {}))
        fits = (
            ("enum" not in schema or value in schema["enum"])
            and re.search(schema.get("pattern", ""), value) is not None
            and schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9)
            and _is_of_type(value, schema)
        )
        return [] if fits else [f"{name} may not be {value[:80]!r}"]

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in schema:
            return self._resolved(self.description["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
        return schema

    @staticmethod
    def _answer(described: dict[str, Any]) -> tuple[int, Any]:
        status, answer = min(described["responses"].items())
        examples = answer.get("content", {}).get("application/json", {}).get("examples", {})
        return int(status), next(iter(examples.values()), {"value": None})["value"]


_TYPES = {"integer": r"-?\d+", "number": r"-?\d+(\.\d+)?", "boolean": r"true|false"}
_FORMATS = {
    "uri": r"https?://[^\s/]+\S*",
    "date-time": r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?",
    "date": r"\d{4}-\d\d-\d\d",
    "phone-number": r"\+?\d{3,15}",
    "endpoint": r"(client:|sips?:|whatsapp:)?\S+",
    "http-method": r"GET|POST",
    "twiml": r"(?s)(<\?xml.*\?>)?\s*<Response.*",
}


def _is_of_type(value: str, schema: dict[str, Any]) -> bool:
    patterns = (_TYPES.get(schema.get("type", "")), _FORMATS.get(schema.get("format", "")))
    if not all(re.fullmatch(pattern, value) for pattern in patterns if pattern):
        return False
    if schema.get("type") in ("integer", "number"):
        return schema.get("minimum", -1e18) <= float(value) <= schema.get("maximum", 1e18)
    return True


@contextmanager
def described_provider() -> Iterator[Described]:
    """Serve until the block ends."""
    described = Described(json.loads(DESCRIPTION.read_text("utf-8")))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(described))
    described.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield described
    finally:
        server.shutdown()
        server.server_close()


def _handler(described: Described) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            is_known = self.headers.get("Authorization", "").startswith("Basic ")
            status, told = described.judge(self.command, self.path, body, is_known=is_known)
            answer = b"" if told is None else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_DELETE = _take

        def log_message(self, *_: object) -> None:
            return

    return Handler
