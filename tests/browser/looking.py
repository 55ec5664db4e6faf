"""What every page is checked for: nothing that axe finds, nothing wider than the screen, nothing cut off."""

from typing import Any

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What is in order is not told in full: on a page of hundreds of rows that took longer than finding what is not.
_RULES = {"runOnly": {"type": "tag", "values": _TAGS}, "resultTypes": ["violations"]}
_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
_BEYOND = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What a box cuts off, or shows only when it is scrolled sideways, nobody finds on a telephone. What is typed may be
# longer than its field, and a text that ends in "…" stands whole elsewhere.
_CUT_OFF = """() => {
  const told = (why, element) => `${why}: ${element.outerHTML.slice(0, 200).replace(/\\s+/g, " ")}`;
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const aside = "[tabindex='-1'], [aria-hidden=true] *, .visually-hidden, .visually-hidden *, .skip";
  const apart = "input, textarea, select, svg, .visually-hidden, .visually-hidden *, .skip, .avatar, .user-name";
  const found = [];
  for (const element of document.querySelectorAll("body, body *")) {
    if (element.scrollWidth <= element.clientWidth + 1 || element.clientWidth <= 1 || element.matches(apart)) continue;
    const style = getComputedStyle(element);
    if (style.overflowX === "visible" || style.textOverflow === "ellipsis" || !shown(element)) continue;
    found.push(told(`cut off by ${element.scrollWidth - element.clientWidth} px`, element));
  }
  for (const element of document.querySelectorAll("a, button, input, select, textarea, summary")) {
    const box = element.getBoundingClientRect(), wide = document.scrollingElement.clientWidth;
    if (element.matches(aside)) continue;
    const isOutside = box.width > 1 && (box.left < -1 || box.right > wide + 1);
    if (isOutside && shown(element)) found.push(told("outside", element));
  }
  for (const element of document.querySelectorAll("caption, h1, h2, h3, p, td, th, label, a, button, summary, li")) {
    const box = element.getBoundingClientRect(), letter = parseFloat(getComputedStyle(element).fontSize);
    const isColumn = box.width > 1 && box.width < 2 * letter && box.height > 6 * letter;
    const isWord = element.textContent.trim().length > 8 && !element.matches(aside);
    if (isColumn && isWord) found.push(told("a letter a line", element));
  }
  return found.slice(0, 3);
}"""


def axe_findings(page: Page, *, colours_only: bool = False) -> list[str]:
    """Every finding as one line: rule, what it says, where."""
    result: dict[str, Any] = Axe().run(page, options=_COLOURS if colours_only else _RULES)
    return [
        f"{found['id']}: {found['help']} at {node['target']} {node['html'][:160]}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


def sideways_scroll(page: Page) -> int:
    """By how many pixels the page is wider than its window; 0 when nobody has to scroll sideways."""
    return int(page.evaluate(_BEYOND))


def misfits(page: Page, *, first: str) -> list[str]:
    """By how much the page is too wide, and what a person needs and cannot see at this width, once `first` was done."""
    beyond, *hidden = page.evaluate(f"() => {{ {first}; return [{_BEYOND}, ...({_CUT_OFF})()]; }}")
    return [*([f"{beyond} px sideways"] if beyond else []), *hidden]
