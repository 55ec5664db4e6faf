"""What every page is checked for: nothing that axe finds, nothing wider than the screen."""

from typing import Any

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page

_RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


def axe_findings(page: Page) -> list[str]:
    """Every finding as one line: rule, what it says, where."""
    result: dict[str, Any] = Axe().run(page, options=_RULES)
    return [
        f"{found['id']}: {found['help']} at {node['target']} {node['html'][:160]}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


def sideways_scroll(page: Page) -> int:
    """By how many pixels the page is wider than its window; 0 when nobody has to scroll sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
