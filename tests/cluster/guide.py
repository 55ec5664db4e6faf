"""The commands of `docs/operate/high-availability.md`, as somebody types them who has never set this up before."""

import os
import re
import subprocess
import sys
from pathlib import Path

from app.settings import ROOT
from tests.cluster.three_nodes import GUIDES_NETWORK, NETWORK, PATRONI

GUIDE = ROOT / "docs" / "operate" / "high-availability.md"


def commands(node: Path = Path("/etc/patroni")) -> list[str]:
    """Each block of commands, in its order, on the test's own network; `node` is where a node's configuration lies."""
    told = GUIDE.read_text().split("## One after the other")[1].split("## Every day after")[0]
    blocks = re.findall(r"```sh\n(.*?)```", told, re.S)
    return [block.replace(f"{GUIDES_NETWORK}.", f"{NETWORK}.").replace("/etc/patroni", str(node)) for block in blocks]


def settings_of_the_guide() -> dict[str, str]:
    """What it exports."""
    return dict(re.findall(r"export (HOTLINE_\w+)=(\S+)", "\n".join(commands())))


def follow(data_dir: Path, node: Path, **settings: str) -> str:
    """All of it in one shell, stopping at the first command that fails; what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    ours = {
        **settings,
        "HOTLINE_DATA_DIR": str(data_dir),
        "PATH": f"{Path(sys.executable).parent}:{PATRONI}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands(node))], cwd=ROOT, env={**environment, **ours},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
