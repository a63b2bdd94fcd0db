"""A folder in which the documents' code blocks run: their files, small enough for a test."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from typer.testing import CliRunner

from mmbm.archive.config import ArchiveConfig
from mmbm.cli import app
from mmbm.data.manifest import scan_manifest
from mmbm.train.config import TrainConfig
from tests.made_cases import TINY, TINY_TRAINING, write_manifest

FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r'(\S+)="([^"]+)"')
OF_THE_RUN = ("batch", "image_weights", "frozen_stages", "crop_seconds", "workers", "threads")


class Block(NamedTuple):
    """A fenced block: its language, what its info string says of running it, its text."""

    language: str
    marks: dict[str, str]
    text: str
    line: int


def write_workplace(folder: Path) -> None:
    """A manifest of small cases; those with pneumonia have a box and an event."""
    manifest = write_manifest(folder)
    rows = pd.read_csv(manifest, dtype=str, keep_default_na=False)
    ill = rows["pneumonia"] == "1"
    rows["boxes"] = np.where(ill, "0.1 0.5 0.4 0.9", "")
    rows["events"] = np.where(ill & (rows["audio"] != ""), "0.2 0.8 fine_crackles", "")
    rows.to_csv(manifest, index=False)


def blocks(document: str) -> Iterator[Block]:
    """The fenced blocks of a document, in order."""
    for found in FENCE.finditer(document):
        language = found["info"].split(" ")[0]
        line = document.count("\n", 0, found.start()) + 1
        yield Block(language, dict(MARK.findall(found["info"])), found["body"], line)


def run(block: Block, names: dict[str, Any]) -> None:
    """Run one block in the working directory; ``names`` are those of the Python blocks so far."""
    {"sh": run_shell, "toml": keep_settings, "csv": read_rows}.get(
        block.language, lambda text: exec(compile(text, "block", "exec"), names)
    )(block.text)


def run_shell(text: str) -> None:
    """Commands of this program in this process, others by bash."""
    for line in filter(None, text.replace("\\\n", " ").splitlines()):
        words = shlex.split(line, comments=True)
        if words[:1] == ["mmbm"]:
            done = CliRunner().invoke(app, words[1:])
            assert done.exit_code == 0, f"{line}\n{done.output}\n{done.exception!r}"
        else:
            subprocess.run(["bash", "-euc", line], check=True, timeout=60)


def keep_settings(text: str) -> None:
    """Read settings as a run or the archive does; write a run's with a name, of a tiny run."""
    if text.startswith("# archive.toml\n"):
        ArchiveConfig.parse(tomllib.loads(text))
        return
    config = TrainConfig.parse(tomllib.loads(text))
    named = re.match(r"# (\S+\.toml)\n", text)
    if named is not None:
        tiny = {name: getattr(TINY_TRAINING, name) for name in OF_THE_RUN}
        branches = {name: getattr(TINY, name) for name in config.model.modalities}
        if "image" in branches:
            greys = config.model.of("image").greys
            branches["image"] = branches["image"].model_copy(update={"greys": greys})
        model = config.model.model_copy(update={"features": TINY.features, **branches})
        small = config.model_copy(update={**tiny, "epochs": 1, "model": model})
        Path(named[1]).write_text(as_toml(small.model_dump(mode="json")), encoding="utf-8")


def as_toml(table: dict[str, Any], at: str = "") -> str:
    """A table and the tables in it; what is not set is left out."""
    own = [f"{k} = {json.dumps(v)}" for k, v in table.items() if not isinstance(v, dict | None)]
    inner = [as_toml(v, f"{at}{k}.") for k, v in table.items() if isinstance(v, dict)]
    return "\n".join([f"[{at[:-1]}]"] * bool(at) + own + inner)


def read_rows(text: str) -> None:
    """A manifest whose rows are valid, but for the files, which are not there."""
    path = Path("block.csv")
    path.write_text(text, encoding="utf-8")
    assert {fault.kind for fault in scan_manifest(path)[1]} <= {"file"}
