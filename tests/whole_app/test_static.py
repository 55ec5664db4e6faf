"""What browsers get: vendored files as published, templates that the content policy allows, readable colours."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from app.web.frame.asset_files import SHEETS, published_files
from app.wording.translations import ROOT
from tools import reduce_bootstrap

STATIC = ROOT / "app" / "static"
VENDOR = STATIC / "vendor"
# A proxy sends it, without a policy of ours, when nothing of ours can be fetched: its style stands in it.
AWAY = ROOT / "templates" / "errors" / "away.html"
TEMPLATES = sorted({*(ROOT / "templates").rglob("*.html")} - {AWAY})
MANIFEST = json.loads((VENDOR / "MANIFEST.json").read_text(encoding="utf-8"))

FORBIDDEN = {
    "unescaped output": re.compile(r"\|\s*safe\b|autoescape\s+false|Markup\("),
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE),
    "inline style": re.compile(r"<style\b|[\s\"']style\s*=", re.IGNORECASE),
    "inline handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "script address": re.compile(r"javascript:", re.IGNORECASE),
    "another host": re.compile(r"(?:src|href)=[\"']?(?:https?:)?//(?!www\.w3\.org)", re.IGNORECASE),
    "evaluated script": re.compile(r"hx-on[:-]|hx-vals=[\"']js:", re.IGNORECASE),
}
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def test_vendored_files_are_the_published_ones_and_carry_their_licence() -> None:
    on_disk = {str(path.relative_to(VENDOR)): _sha256(path) for path in VENDOR.glob("*/*")}

    listed = {f"{name}/{file}": sha for name, entry in MANIFEST.items() for file, sha in entry["files"].items()}

    assert on_disk == listed
    assert all("LICENSE" in entry["files"] for entry in MANIFEST.values())


def test_notice_names_every_vendored_package() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")

    assert [entry["package"] for entry in MANIFEST.values() if entry["package"] not in notice] == []


def test_the_fonts_are_those_that_the_tool_made_and_carry_their_licence() -> None:
    made = json.loads((STATIC / "fonts" / "MANIFEST.json").read_text(encoding="utf-8"))

    assert {path.name: _sha256(path) for path in (STATIC / "fonts").glob("*.woff2")} == made
    assert (STATIC / "fonts" / "LICENSE").read_bytes() == (VENDOR / "be-vietnam-pro" / "LICENSE").read_bytes()


def test_every_class_of_bootstrap_that_pages_use_is_in_the_reduced_sheet() -> None:
    assert reduce_bootstrap.REDUCED.read_text(encoding="utf-8") == reduce_bootstrap.reduced(), (
        "run python -m tools.reduce_bootstrap"
    )


def test_every_script_and_style_sheet_of_ours_reaches_a_page() -> None:
    """A file left out of SHEETS and SCRIPTS (app/web/frame/asset_files.py) would be missed by readers only."""
    published = {file.content for file in published_files(STATIC).values()}
    whole = b"\n".join(published).decode(errors="ignore")

    scripts = [path for path in sorted((STATIC / "js").rglob("*.js")) if path.read_bytes() not in published]
    left_out = [path.name for path in scripts if f'modules["{path.relative_to(STATIC).as_posix()}"]=' not in whole]
    sheets = {sheet for listed in SHEETS.values() for sheet in listed}

    assert left_out == []
    assert {f"css/{path.name}" for path in (STATIC / "css").glob("*.css")} == sheets


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_needs_nothing_that_the_content_policy_forbids(template: Path) -> None:
    text = COMMENT.sub("", template.read_text(encoding="utf-8"))

    found = [f"{what}: {match.group()!r}" for what, pattern in FORBIDDEN.items() if (match := pattern.search(text))]

    assert found == []


def test_style_sheets_load_nothing_from_elsewhere() -> None:
    addresses = {
        address
        for sheet in sorted((STATIC / "css").glob("*.css"))
        for address in re.findall(r"url\([\"']?(?!data:)([^)\"']+)", sheet.read_text(encoding="utf-8"))
    }

    assert addresses
    assert [address for address in addresses if not (STATIC / "css" / address).resolve().is_file()] == []


def test_no_script_of_ours_swallows_a_failure() -> None:
    """An empty catch once hid for weeks that no heartbeat arrived."""
    nothing = r"\{\s*\}|null|undefined"
    empty = re.compile(rf"catch\s*(?:\([^)]*\))?\s*\{{\s*\}}|catch\(\s*\(?\w*\)?\s*=>\s*(?:{nothing})\s*,?\s*\)")
    found = [
        f"{path.name}: {match.group()}"
        for path in sorted((STATIC / "js").rglob("*.js"))
        for match in empty.finditer(path.read_text(encoding="utf-8"))
    ]

    assert found == []


def test_every_worker_lies_where_workers_get_headers_they_can_work_under() -> None:
    pages = "".join(template.read_text(encoding="utf-8") for template in TEMPLATES)
    scripts = "".join(path.read_text(encoding="utf-8") for path in (STATIC / "js").glob("*.js"))

    started = re.findall(r"""data-[\w-]*worker="\{\{ asset\("([^"]+)"\)""", pages)

    assert scripts.count("new Worker(") == scripts.count("new Worker(document.querySelector(") == len(set(started))
    assert started
    assert all(Path(path).parent == Path("js/workers") and (STATIC / path).is_file() for path in started)


# Text on ground; WCAG 2.2 asks for 4.5 : 1.
TEXT_PAIRS = [
    ("ink", "page"), ("ink", "surface"), ("ink", "sunken"), ("quiet", "page"), ("quiet", "surface"),
    ("quiet", "sunken"), ("accent", "page"), ("accent", "surface"), ("accent-strong", "surface"),
    ("on-accent", "accent"), ("on-accent", "accent-strong"), ("accent-ink", "accent-soft"), ("ink", "accent-soft"),
    ("good-ink", "good-soft"), ("good-ink", "surface"), ("warn-ink", "warn-soft"), ("warn-ink", "surface"),
    ("warn-ink", "accent-soft"), ("bad-ink", "bad-soft"), ("bad-ink", "surface"), ("bad-ink", "page"),
    ("bad-ink", "accent-soft"), ("warn-ink", "page"), ("good-ink", "page"),
]  # fmt: skip
# Borders of fields, focus rings and bars; WCAG 2.2 asks for 3 : 1.
SHAPE_PAIRS = [
    ("line-strong", "surface"), ("line-strong", "page"), ("focus", "page"), ("focus", "surface"), ("accent", "line"),
    ("bad-strong", "surface"), ("bad-strong", "line"), ("good-ink", "line"), ("warn-ink", "line"),
]  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_shapes_stand_out_from_their_ground(theme: str) -> None:
    colours = _colours(theme)

    weak = [
        f"{front} on {ground}: {ratio:.2f}"
        for pairs, least in ((TEXT_PAIRS, 4.5), (SHAPE_PAIRS, 3.0))
        for front, ground in pairs
        if (ratio := _contrast(colours[front], colours[ground])) < least
    ]

    assert weak == []


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _colours(theme: str) -> dict[str, str]:
    sheet = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    block = re.search(rf'^[^\n]*\[data-bs-theme="{theme}"\] \{{(.*?)^\}}', sheet, re.DOTALL | re.MULTILINE)
    assert block
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block.group(1)))


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    shares = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
