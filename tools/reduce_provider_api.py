"""Reduce a provider's OpenAPI description to the requests that we make of it, for the tests that hold us to it.

python -m tools.reduce_provider_api twilio_api_v2010.json >tests/data/twilio_api.json
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

_ACCOUNT = "/2010-04-01/Accounts/{AccountSid}"
# What our carrier asks for, and what a call with several people would need.
WANTED = {
    f"{_ACCOUNT}/Messages.json": ("post", "get"),
    f"{_ACCOUNT}/Messages/{{MessageSid}}/Media.json": ("get",),
    f"{_ACCOUNT}/Calls.json": ("post", "get"),
    f"{_ACCOUNT}/Calls/{{Sid}}.json": ("post", "get"),
    f"{_ACCOUNT}/Calls/{{CallSid}}/Recordings.json": ("post", "get"),
    f"{_ACCOUNT}/Calls/{{CallSid}}/Recordings/{{Sid}}.json": ("post",),
    f"{_ACCOUNT}/Recordings.json": ("get",),
    f"{_ACCOUNT}/Recordings/{{Sid}}.json": ("get", "delete"),
    f"{_ACCOUNT}/IncomingPhoneNumbers.json": ("get",),
    f"{_ACCOUNT}/Conferences.json": ("get",),
    f"{_ACCOUNT}/Conferences/{{Sid}}.json": ("get", "post"),
    f"{_ACCOUNT}/Conferences/{{ConferenceSid}}/Recordings/{{Sid}}.json": ("post",),
    f"{_ACCOUNT}/Conferences/{{ConferenceSid}}/Participants.json": ("get", "post"),
    f"{_ACCOUNT}/Conferences/{{ConferenceSid}}/Participants/{{CallSid}}.json": ("get", "post", "delete"),
}
WORDS_FOR_PEOPLE = ("description", "summary", "tags", "x-twilio", "x-maturity", "x-path-type", "externalDocs")


def reduced(whole: dict[str, Any]) -> dict[str, Any]:
    """The wanted requests with everything they refer to, without words for people."""
    paths = {path: _request(whole["paths"][path], methods) for path, methods in WANTED.items()}
    kept: dict[str, Any] = {}
    _refer(paths, whole["components"]["schemas"], kept)
    return {
        "openapi": whole["openapi"],
        "info": whole["info"],
        "servers": whole.get("servers") or [{"url": "https://api.twilio.com"}],
        "security": whole["security"],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(kept.items())),
            "securitySchemes": whole["components"]["securitySchemes"],
        },
    }


def _request(path: dict[str, Any], methods: tuple[str, ...]) -> dict[str, Any]:
    return {method: _explicit(_silent(path[method])) for method in methods}


def _explicit(request: dict[str, Any]) -> dict[str, Any]:
    """What the standard takes for granted, for servers that do not: a field of a form is repeated for each value."""
    for content in request.get("requestBody", {}).get("content", {}).values():
        fields = content["schema"].get("properties", {})
        lists = [name for name, one in fields.items() if one.get("type") == "array"]
        content["encoding"] = {name: {"style": "form", "explode": True} for name in lists}
    for response in request["responses"].values():
        response["description"] = ""
    return request


def _silent(node: Any, *, in_names: bool = False) -> Any:
    """Without descriptions; a field may itself be called so."""
    if isinstance(node, list):
        return [_silent(one) for one in node]
    if not isinstance(node, dict):
        return node
    if "examples" in node and not in_names:
        node = {**node, "examples": _fullest(node["examples"])}
    return {
        name: _silent(value, in_names=name in ("properties", "examples") and not in_names)
        for name, value in node.items()
        if in_names or name not in WORDS_FOR_PEOPLE
    }


def _fullest(examples: dict[str, Any]) -> dict[str, Any]:
    """One of them: of a list, one with something in it, and no page behind it."""
    name = next((name for name in examples if name.startswith("readFull")), next(iter(examples)))
    value = examples[name]["value"]
    if isinstance(value, dict) and "next_page_uri" in value:
        value = {**value, "next_page_uri": None}
    return {name: {"value": value}}


def _refer(node: Any, schemas: dict[str, Any], kept: dict[str, Any]) -> None:
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(node)):
        if name not in kept:
            kept[name] = _silent(schemas[name])
            _refer(kept[name], schemas, kept)


if __name__ == "__main__":
    json.dump(reduced(json.loads(Path(sys.argv[1]).read_text("utf-8"))), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
