"""What the papers say about commands, flags and files is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer

from mmbm.cli import app
from mmbm.config import TrainConfig

ROOT = Path(__file__).parents[1]
PAPERS = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands():
    group = typer.main.get_command(app)
    found = {}
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        if inner:
            found |= {f"{name} {sub}": c for sub, c in inner.items()}
        else:
            found[name] = command
    return found


def test_every_command_and_flag_of_the_readme_exists():
    known = commands()
    text = README.replace("\\\n", " ")
    lines = re.findall(r"^mmbm ((?:data )?[\w-]+)(.*)$", text, re.MULTILINE)
    assert {name for name, _ in lines} == set(known)
    for name, rest in lines:
        flags = {flag for option in known[name].params for flag in option.opts}
        assert set(re.findall(r"--[a-z-]+", rest.split("#")[0])) <= flags, name


def test_the_readmes_settings_are_valid():
    block = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert block is not None
    TrainConfig.parse(tomllib.loads(block.group(1)))


@pytest.mark.parametrize("paper", PAPERS)
def test_every_link_leads_somewhere(paper):
    text = (ROOT / paper).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert "://" in target or (ROOT / target).exists(), target


def test_the_settings_of_the_server_are_the_safe_ones():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["server"]["enableXsrfProtection"] is True
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["showErrorDetails"] == "none"
    assert settings["server"]["maxUploadSize"] <= 64


def test_not_a_medical_device_is_said():
    assert "Research use, not a medical device" in README
