"""A page group is a folder: every module in it that holds views is loaded, so none can be forgotten."""

import pkgutil
from collections.abc import Iterable
from importlib import import_module


def load_views(package: str, path: Iterable[str]) -> None:
    """Import every module of a page group, so that its views register with the group's blueprint."""
    for module in pkgutil.iter_modules(path):
        import_module(f"{package}.{module.name}")
