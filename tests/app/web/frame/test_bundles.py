"""Many small sources become one file for the browser, and mean the same."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from app.web.frame.bundles import NotUnderstood, one_script, one_sheet


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")
    return folder


def said_by(script: str) -> list[str]:
    """What the script writes when it runs."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node to run a script in")
    return subprocess.run([node, "-e", script], capture_output=True, text=True, check=True).stdout.split()


def test_modules_see_each_other_and_each_runs_once_after_what_it_imports(tmp_path: Path) -> None:
    write(
        tmp_path,
        words='console.log("words");\nexport function greet(name) { return `hello-${name}`; }\nexport const two = 2;\n',
        first='// import { nothing } from "./gone.js";\nimport { greet as say, two } from "./words.js";\n'
        'console.log(say("a"), two);\n',
        second='import { greet } from "./words.js";\nconsole.log(greet("b"));\n'
        'import("./late.js").then(({ later }) => console.log(later()));\n',
        late='console.log("late");\nfunction later() { return "later"; }\nexport { later };\n',
    )

    script = one_script(tmp_path, ("first.js", "second.js"))

    assert said_by(script) == ["words", "hello-a", "2", "late", "hello-b", "later"]


def test_a_script_that_fails_is_reported_and_the_next_one_runs(tmp_path: Path) -> None:
    write(tmp_path, one='throw new Error("broken");\n', two='console.log("runs");\n')

    script = "globalThis.reportError=(trouble)=>console.log(trouble.message);" + one_script(
        tmp_path, ("one.js", "two.js")
    )

    assert said_by(script) == ["broken", "runs"]


def test_names_of_one_module_are_no_names_of_another(tmp_path: Path) -> None:
    write(tmp_path, one='const said = "one";\nconsole.log(said);\n', two='const said = "two";\nconsole.log(said);\n')

    assert said_by(one_script(tmp_path, ("one.js", "two.js"))) == ["one", "two"]


@pytest.mark.parametrize(
    "text",
    [
        'import all from "./x.js";\n',
        'import * as all from "./x.js";\n',
        "export default function () {}\n",
        "console.log(import.meta.url);\n",
        "function a() {}\nexport { a as b };\n",
    ],
)
def test_what_is_not_understood_is_refused_and_not_passed_on_broken(tmp_path: Path, text: str) -> None:
    write(tmp_path, x="export const x = 1;\n", one=text)

    with pytest.raises(NotUnderstood):
        one_script(tmp_path, ("one.js",))


def test_a_module_that_imports_itself_in_a_circle_is_refused(tmp_path: Path) -> None:
    write(
        tmp_path,
        a='import { b } from "./b.js";\nexport const a = 1;\n',
        b='import { a } from "./a.js";\nexport const b = 1;\n',
    )

    with pytest.raises(NotUnderstood):
        one_script(tmp_path, ("a.js",))


def test_dark_rules_hold_for_the_device_too_and_addresses_are_the_served_ones(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "a.css").write_text(
        '/* gone */\n.a { color: red; }\n[data-bs-theme="dark"] .a, [data-bs-theme="dark"] .b { color: pink; }\n'
        '@font-face { src: url("../fonts/a.woff2"); }\n.c { background: url("data:image/png;base64,AA"); }\n'
    )

    sheet = one_sheet(tmp_path, ("css/a.css",), lambda path: f"/static/{path}?")

    assert "gone" not in sheet
    assert '@media (prefers-color-scheme:dark){[data-theme="auto"] .a,[data-theme="auto"] .b{ color: pink; }}' in sheet
    assert 'url("/static/fonts/a.woff2?")' in sheet
    assert json.dumps("data:image/png;base64,AA") in sheet
