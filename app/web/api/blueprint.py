"""The blueprint of `/api/v1`: bearer tokens, problem+json, an OpenAPI document made from the views themselves."""

from apiflask import APIBlueprint

blueprint = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="Hotline")
# Programs carry a token, not a cookie, so there is nothing to forge.
blueprint.without_csrf = True  # type: ignore[attr-defined]
