"""Addresses of static files, which change with their content, so that browsers may keep them for ever."""

from flask import current_app


def asset(path: str) -> str:
    """The address of a published file (app/web/frame/asset_files.py); FileNotFoundError for anything else."""
    names: dict[str, str] = current_app.extensions["hotline_assets"]
    if path not in names:
        raise FileNotFoundError(path)
    # A page has several: `url_for` would match each against the map of all addresses.
    return f"{current_app.static_url_path}/{names[path]}"
