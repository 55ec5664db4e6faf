"""The container files, read and not run: what they name is there, and is what the product understands."""

import re
import subprocess
from typing import Any

import yaml

from app.cli.commands import build_parser
from app.settings import ROOT, Settings

FOLDER = ROOT / "deploy" / "container"
OURS = {"migrate", "web", "live", "worker", "scheduler", "fallback"}


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
    return read


def test_every_service_of_ours_runs_a_command_of_ours_and_is_started_again() -> None:
    services = compose()["services"]

    assert services.keys() >= OURS | {"postgres", "valkey", "nginx"}
    for name in OURS:
        build_parser().parse_args(services[name]["command"])
        assert services[name]["image"] == "hotline:local"
        assert services[name]["restart"] == ("no" if name in ("migrate", "fallback") else "always")
    build = services["web"]["build"]
    assert (FOLDER / build["context"] / build["dockerfile"]).resolve() == FOLDER / "Containerfile"


def test_what_is_waited_for_and_mounted_is_there() -> None:
    whole = compose()

    for name, service in whole["services"].items():
        assert set(service.get("depends_on", {})) <= whole["services"].keys(), name
        for mounted in service.get("volumes", ()):
            source = mounted.split(":")[0]
            known = source in whole["volumes"] or source == "./tls" or (FOLDER / source).exists()
            assert known, (name, source)
        if "env_file" in service:
            assert (FOLDER / f"{service['env_file']}.example").exists(), name


def test_the_settings_are_ours_and_the_roles_those_of_the_addresses() -> None:
    given = dict(re.findall(r"^(\w+)=(.*)$", (FOLDER / "hotline.env.example").read_text("utf-8"), re.MULTILINE))
    of_postgres = dict(re.findall(r"^(\w+)=(.*)$", (FOLDER / "postgres.env.example").read_text("utf-8"), re.MULTILINE))
    roles = (FOLDER / "roles.sh").read_text("utf-8")

    assert {name.removeprefix("HOTLINE_").lower() for name in given} <= Settings.model_fields.keys()
    for role, which in (("hotline_app", "APP"), ("hotline_owner", "OWNER")):
        assert f"create role {role} login" in roles
        assert f"{role}:{of_postgres[f'HOTLINE_{which}_PASSWORD']}@postgres/hotline" in "".join(given.values())
    assert subprocess.run(["sh", "-n", str(FOLDER / "roles.sh")], check=False).returncode == 0


def test_what_the_proxy_replaces_stands_in_its_configuration() -> None:
    """In a container the proxy speaks of other names; a replacement that finds nothing would go unnoticed."""
    shell = compose()["services"]["nginx"]["command"][-1]
    configuration = (ROOT / "deploy" / "nginx" / "hotline.conf").read_text("utf-8")

    replaced = re.findall(r"-e 's[/|](.+?)[/|](?=\w+:|/var)", shell)
    assert len(replaced) == shell.count("-e 's")
    for before in replaced:
        assert before in configuration, before


def test_the_image_is_made_of_what_is_here() -> None:
    words = (FOLDER / "Containerfile").read_text("utf-8")

    assert "RUN python3 ./hotline --version" in words
    assert '["/opt/hotline/hotline"]' in words
    assert re.search(r"python:3\.1[1-4]-", words)
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert {".git", ".hotline", ".env", "**/*.env"} <= set(ignored)
