"""The SIP library for browsers as one file: it is published as modules, and a page loads one script.

`PYTHONPATH=. python -m tools.jssip_bundle` needs Node.js with npm; it fetches the versions below, puts them together by
esbuild, and writes app/static/vendor/jssip with the licences of everything inside. Then write the new digests into
app/static/vendor/MANIFEST.json and name the version there. Same versions, same bytes.
"""

import subprocess
import tempfile
from pathlib import Path

VERSION = "3.13.8"
ESBUILD = "0.25.10"
INSIDE = ("jssip", "debug", "ms", "events", "sdp-transform")
VENDOR = Path(__file__).resolve().parents[1] / "app" / "static" / "vendor" / "jssip"


def build(folder: Path) -> None:
    packages = (f"jssip@{VERSION}", f"esbuild@{ESBUILD}")
    _run(folder, "npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), *packages)
    (folder / "entry.js").write_text('module.exports=require("jssip")\n')
    _run(
        folder, str(folder / "node_modules/.bin/esbuild"), "entry.js", "--bundle", "--minify", "--format=iife",
        "--global-name=JsSIP", "--target=es2020", "--legal-comments=none", f"--outfile={VENDOR / 'jssip.min.js'}",
    )  # fmt: skip
    (VENDOR / "LICENSE").write_text("\n\n".join(licence_of(folder / "node_modules" / name) for name in INSIDE))


def licence_of(package: Path) -> str:
    named = next(path for path in sorted(package.glob("*")) if path.stem.lower() == "license")
    return f"{package.name}\n\n{named.read_text().strip()}\n"


def _run(folder: Path, *words: str) -> None:
    subprocess.run(words, cwd=folder, check=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        build(Path(scratch))
