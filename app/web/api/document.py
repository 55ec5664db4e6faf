"""The OpenAPI 3.1 document of the API, and a page that reads like it: no script from elsewhere, it prints."""

import re
from collections.abc import Iterator
from typing import Any

from flask import current_app, jsonify, render_template
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from app.web.api.blueprint import blueprint
from app.web.api.bodies import Problem
from app.web.api.described_words import described_word
from app.web.api.kept_contacts import KeptContact
from app.web.frame.access import declared, public
from app.web.frame.current import rules

_ABOUT = (
    "The contact centre of the city: open tickets, follow and work them, read the directory. "
    "Errors are application/problem+json in the language of Accept-Language, Vietnamese or English; "
    "lists are paged with a cursor, times are UTC in ISO 8601."
)
_PROBLEM = {
    "description": "What was wrong",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


@blueprint.get("/openapi.json")
@blueprint.doc(hide=True)
@public
def openapi() -> ResponseReturnValue:
    return jsonify(document())


@blueprint.get("/docs")
@blueprint.doc(hide=True)
@public
def docs() -> ResponseReturnValue:
    described = document()
    operations = [
        {"method": method.upper(), "path": path, **operation}
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    return render_template("api/docs.html", described=described, operations=operations, said=described_word)


def document() -> dict[str, Any]:
    """The document as the views declare it, with what holds for all of them added: tokens and faults."""
    known: dict[str, Any] | None = current_app.extensions.get("hotline_openapi")
    if known is None:
        known = current_app.extensions["hotline_openapi"] = _made()
    return known


def _made() -> dict[str, Any]:
    spec: dict[str, Any] = dict(current_app.spec)  # type: ignore[attr-defined]
    spec["openapi"] = "3.1.0"
    spec["info"] = {"title": "Hotline", "version": "1", "description": _ABOUT}
    components = spec.setdefault("components", {})
    components.setdefault("securitySchemes", {})["token"] = {"type": "http", "scheme": "bearer"}
    _describe(components.setdefault("schemas", {}), Problem)
    _describe(components["schemas"], KeptContact)
    _name_known_codes(components["schemas"])
    for view, path, method in _operations():
        access, operation = declared(view), spec["paths"][path][method]
        needs_token = access is not None and access.kind == "bearer"
        scopes = [access.scope] if access is not None and access.scope else []
        operation["security"] = [{"token": scopes}] if needs_token else [{}, {"token": []}]
        faults = {"400", "429"} | ({"401", "403"} if needs_token else set())
        faults |= {"404"} if "{" in path or method == "get" else set()
        faults |= {"409", "422"} if method in ("post", "patch") else set()
        for status in sorted(faults):
            operation["responses"].setdefault(status, _PROBLEM)
        if "requestBody" in operation:
            operation["requestBody"]["required"] = True
    return spec


def _describe(schemas: dict[str, Any], model: type[BaseModel]) -> None:
    """A shape that no view is declared to answer with, and the parts it is made of."""
    described = model.model_json_schema(ref_template="#/components/schemas/{model}")
    for name, part in described.pop("$defs", {}).items():
        schemas.setdefault(name, part)
    schemas[model.__name__] = described


def _name_known_codes(schemas: dict[str, Any]) -> None:
    """The directory's codes are said as what they are: a closed list, as it stands when the document is made."""
    routing = rules().routing
    codes: dict[str, list[str]] = {
        "unit": [unit.code for unit in routing.units.values() if unit.code],
        "category": [category.code for category in routing.categories.values()],
        "procedure": [procedure.code for procedure in routing.procedures.values() if procedure.code],
    }
    for field, known in codes.items():
        schemas["NewTicket"]["properties"][field]["anyOf"][0] = {"type": "string", "enum": sorted(known)}
    # A matter about a unit or its staff is routed by rules, never by changing its category.
    free = sorted(category.code for category in routing.categories.values() if not category.conduct)
    schemas["TicketChange"]["properties"]["category"]["anyOf"][0] = {"type": "string", "enum": free}


def _operations() -> Iterator[tuple[Any, str, str]]:
    """Every documented view of the API with its path as OpenAPI writes it."""
    for rule in current_app.url_map.iter_rules():
        if not rule.endpoint.startswith("api."):
            continue
        view = current_app.view_functions[rule.endpoint]
        if getattr(view, "_spec", {}).get("hide"):
            continue
        path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield view, path, method.lower()
