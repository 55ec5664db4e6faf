"""Opens whatever file somebody hands over: a workbook or a text; everything else is named for what it is."""

from collections.abc import Callable, Sequence

from tickets.sheets.grid import LARGEST_FILE, Grid, GridRow, NotATable
from tickets.sheets.text_files import grid_of_text
from tickets.sheets.workbooks import grids_of_workbook

# By how they begin; people rename files, and programs write one thing under the name of another.
_OTHERS = (
    (b"%PDF", "is_pdf"),
    (b"\xd0\xcf\x11\xe0", "is_old_excel"),
    (b"\x89PNG", "is_picture"),
    (b"\xff\xd8\xff", "is_picture"),
    (b"GIF8", "is_picture"),
    (b"{\\rtf", "is_document"),
)


def open_grid(raw: bytes, *, fits: Callable[[Sequence[GridRow]], int]) -> Grid:
    """Of a workbook the sheet whose header fits best. Raises NotATable."""
    if len(raw) > LARGEST_FILE:
        raise NotATable("too_large", LARGEST_FILE // 1_000_000)
    if not raw.strip():
        raise NotATable("empty")
    for begins, code in _OTHERS:
        if raw.startswith(begins):
            raise NotATable(code)
    if raw.startswith(b"PK"):
        return _best_sheet(raw, fits)
    if raw.lstrip()[:200].lower().startswith((b"<html", b"<!doctype html", b"<table", b"<?xml")):
        raise NotATable("is_web_page")
    return grid_of_text(raw, fits=fits)


def _best_sheet(raw: bytes, fits: Callable[[Sequence[GridRow]], int]) -> Grid:
    sheets = [grid for grid in grids_of_workbook(raw) if grid.rows]
    if not sheets:
        raise NotATable("empty")
    # The first of those that fit alike: explanations stand behind.
    return max(sheets, key=lambda grid: fits(grid.rows))
