"""What goes from a model to one that is made from it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from mmbm.model.facts import read_facts

__all__ = ["handed_down", "keep_log"]


def handed_down(folder: Path) -> dict[str, Any]:
    """What a model's card says that holds for one made from it."""
    own = {"name", "version", "sha256"}
    return {key: fact for key, fact in read_facts(folder).items() if key not in own}


def keep_log(folder: Path, out: Path) -> None:
    """The log of the training goes with the model."""
    log = folder / "training.csv"
    if log.is_file() and out.resolve() != folder.resolve():
        out.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(log, out / "training.csv")
