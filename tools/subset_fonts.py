"""Make the two fonts of pages: `python -m tools.subset_fonts` writes app/static/fonts and, to print, app/paper/fonts.

Each is the published Latin and Vietnamese file of one weight of Be Vietnam Pro in one, without hinting, which screens
of today do not use and which made up half of it: 14 kB instead of 33, and one request instead of two.
Needs `pip install fonttools brotli`, which nothing else here does; the result is kept in the repository.
"""

import json
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = ROOT / "app" / "static" / "vendor" / "be-vietnam-pro"
FONTS = ROOT / "app" / "static" / "fonts"
PRINTED = ROOT / "app" / "paper" / "fonts"
WEIGHTS = (400, 600)


def main() -> None:
    made = {}
    for weight in WEIGHTS:
        target = FONTS / f"be-vietnam-pro-{weight}.woff2"
        _write(weight, target)
        made[target.name] = sha256(target.read_bytes()).hexdigest()
        print(f"{target.relative_to(ROOT)}: {target.stat().st_size} bytes")
    for folder in (FONTS, PRINTED):
        shutil.copy(PUBLISHED / "LICENSE", folder / "LICENSE")
    (FONTS / "MANIFEST.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


def _write(weight: int, target: Path) -> None:
    latin = TTFont(PUBLISHED / f"be-vietnam-pro-latin-{weight}-normal.woff2")
    vietnamese = TTFont(PUBLISHED / f"be-vietnam-pro-vietnamese-{weight}-normal.woff2")
    known = set(latin.getBestCmap())
    with tempfile.TemporaryDirectory() as folder:
        parts = [Path(folder) / "latin.ttf", Path(folder) / "vietnamese.ttf"]
        _save_subset(latin, known, parts[0])
        # A font without a space is refused by some engines; the first file's wins in the merge.
        _save_subset(vietnamese, set(vietnamese.getBestCmap()) - known | {ord(" ")}, parts[1])
        font = Merger().merge([str(part) for part in parts])
    font.save(PRINTED / target.with_suffix(".ttf").name)
    font.flavor = "woff2"
    font.save(target)


def _save_subset(font: TTFont, characters: set[int], target: Path) -> None:
    options = Options()
    options.hinting = False
    options.glyph_names = False
    options.name_IDs = ["*"]
    options.layout_features = ["ccmp", "kern", "liga", "locl", "mark", "mkmk"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.flavor = None
    font.save(target)


if __name__ == "__main__":
    main()
