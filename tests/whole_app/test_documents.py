"""What the documents say of the house is true: paths exist, rules named in the code are defined and proved."""

import argparse
import ast
import re
from pathlib import Path

import pytest

from app.cli.commands import build_parser
from app.settings import ROOT
from telephony.provider.provider_settings import PROVIDER_SETTINGS

DOCUMENTS = [
    ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/rules.md", "docs/figures.md")
]
GUIDES = sorted((ROOT / "docs" / "operate").glob("*.md"))
RULES = ROOT / "docs" / "rules.md"
FIGURES = ROOT / "docs" / "figures.md"
SOURCES = ("app", "tickets", "telephony", "escalation", "tests", "templates", "tools")
ROOMS = tuple(f"{room}/" for room in (*SOURCES, "docs", "deploy"))
RULE = re.compile(r"\b([RG]\d{1,2})\b")


def quoted(document: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", document.read_text("utf-8"))


def paths_in(document: Path) -> list[str]:
    """What stands in backticks and looks like a path; a short one continues the folder of the one before it."""
    found, folder = [], ""
    for words in quoted(document):
        path = words.split("::")[0]
        if not re.fullmatch(r"[\w./*<>-]+", path) or "<" in path or path.startswith("./hotline"):
            continue
        if path.startswith(ROOMS):
            folder = path if path.endswith("/") else path.rpartition("/")[0] + "/"
            found.append(path)
        elif re.fullmatch(r"[\w/]+\.(py|html|css|js|yaml|csv)", path) and folder:
            found.append(path if (ROOT / path).exists() else folder + path)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_in_a_document_exists(document: Path) -> None:
    missing = [path for path in paths_in(document) if not any(ROOT.glob(path.rstrip("/")))]

    assert paths_in(document)
    assert missing == []


def test_every_function_named_beside_a_file_is_in_that_file() -> None:
    gone = []
    for words in quoted(RULES):
        path, _, name = words.partition("::")
        if name:
            tree = ast.parse((ROOT / path).read_text("utf-8"))
            if name not in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}:
                gone.append(words)

    assert gone == []


def test_every_rule_that_code_or_tests_name_is_defined_once() -> None:
    named = {
        rule
        for folder in SOURCES
        for kind in ("*.py", "*.html", "*.txt", "*.yaml")
        for source in (ROOT / folder).rglob(kind)
        for rule in RULE.findall(source.read_text("utf-8", errors="replace"))
    }
    defined = re.findall(r"^\*\*([RGA]\d{1,2}) ", RULES.read_text("utf-8"), re.MULTILINE)

    assert named
    assert named - set(defined) == set()
    assert len(defined) == len(set(defined))


def test_every_rule_has_a_proof_or_says_that_it_is_not_built() -> None:
    rules = re.split(r"^\*\*(?=[RG]\d)", RULES.read_text("utf-8"), flags=re.MULTILINE)[1:]

    unproved = [
        rule[:3] for rule in rules if "Proof:" not in rule and "ot built yet" not in rule and "ot proved" not in rule
    ]

    assert unproved == []


COMMAND = re.compile(r"\./hotline((?: +[^`|;&#<>()\n]+)?)")


def commands_in(document: Path) -> list[list[str]]:
    """Every command line of a document, in a sentence or in a block of its own; a sentence may be broken anywhere."""
    words = document.read_text("utf-8")
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", words, re.MULTILINE | re.DOTALL)
    sentences = re.sub(r"```.*?```", "", words, flags=re.DOTALL)
    spoken = [" ".join(quote.split()) for quote in re.findall(r"`([^`]+)`", sentences)]
    return [found.split() for part in (*blocks, *spoken) for found in COMMAND.findall(part)]


def refusal(words: list[str]) -> str | None:
    """What in these words is no command, action or option of ours; what may be any value (or NAME) is not looked at."""
    parser = build_parser()
    for word in words:
        if parser.get_default("passes_rest_on") or word.isupper():
            return None
        known = next((one.choices for one in parser._actions if isinstance(one, argparse._SubParsersAction)), None)
        if word.startswith("-"):
            if word.split("=")[0].rstrip(",.") not in parser._option_string_actions:
                return word
        elif known is not None:
            if word not in known:
                return word
            parser = known[word]
    return None


@pytest.mark.parametrize("document", [*DOCUMENTS, *GUIDES], ids=lambda path: path.name)
def test_every_command_in_a_document_is_one_of_ours(document: Path) -> None:
    unknown = [(" ".join(words), bad) for words in commands_in(document) if (bad := refusal(words)) is not None]

    assert unknown == []


def test_every_setting_of_a_provider_stands_in_the_readme() -> None:
    """By its whole name, or by what follows its provider's in the line of that provider."""
    readme = (ROOT / "README.md").read_text("utf-8")
    lines = [line for line in readme.splitlines() if line.startswith("| `HOTLINE_")]

    unnamed = []
    for name in (one.name.upper() for one in PROVIDER_SETTINGS):
        provider, _, rest = name.partition("_")
        own = "".join(line for line in lines if line.startswith(f"| `HOTLINE_{provider}_"))
        if f"HOTLINE_{name}`" not in own and f"`…_{rest}`" not in own:
            unnamed.append(name)
    assert unnamed == []


def test_every_promise_of_reliability_has_its_last_figures_each_of_one_dated_run() -> None:
    text = RULES.read_text("utf-8")
    promised = re.findall(r"^\*\*(G\d{1,2}) ", text, re.MULTILINE)
    told = FIGURES.read_text("utf-8")
    lines = [line.strip("|").split("|") for line in told.splitlines() if line.startswith("| G")]
    rows = [[cell.strip() for cell in line] for line in lines]

    assert [rule for rule in promised if rule not in {row[0] for row in rows}] == []
    undated = [row[:2] for row in rows if len(row) != 3 or len(re.findall(r"\b\d{1,2} \w+ 20\d\d\b", row[1])) != 1]
    assert undated == []
