"""The rooms and the arrows between them: who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# each room with the rooms it may import; what is not named here imports anything below it
MAY_IMPORT = {
    "errors": set(),
    "patient": set(),
    "case": {"patient"},
    "config": {"errors", "case"},
    "io": {"errors", "case", "config", "patient"},
    "branches": {"errors", "case", "config"},
    "model": {"errors", "case", "config"},
    "pipeline": set(),
    "findings": set(),
    "spectrum": set(),
    "borders": set(),
    "grain": set(),
    "turn": set(),
    "memory": {"errors"},
    "inputs": {"borders", "case", "config", "grain", "model", "spectrum", "turn"},
    "record": {"case", "errors", "model", "pipeline"},
    "predict": {"errors", "case", "config", "inputs", "memory", "model", "record"},
    "explain": {"errors", "case", "config", "inputs", "memory", "model", "predict"},
    "trust": {"errors", "branches", "case", "config", "inputs", "model", "predict"},
    "analysis": {"case", "explain", "predict", "record", "trust"},
    "data": {"errors", "branches", "case", "config", "inputs", "io", "model"},
    "report": {"analysis", "case", "findings", "explain", "trust"},
    "card": {"config", "data", "errors", "evaluate", "findings", "model", "record", "trust"},
    "evaluate": {
        "case", "data", "errors", "explain", "io", "memory", "model", "pipeline",
        "predict", "record", "trust",
    },
    "train": {
        "errors", "case", "config", "data", "inputs", "io", "model", "predict", "trust",
        "evaluate", "card", "record",
    },
    "cli": {
        "analysis", "errors", "case", "config", "data", "evaluate", "explain", "io", "model",
        "predict", "record", "report", "card", "train", "trust",
    },
}  # fmt: skip

# third-party packages that stand in one place only
ONLY_IN = {
    "captum": {"mmbm/explain/attribution/"},
    "timm": {"mmbm/model/image.py"},
    "torchvision": {
        "mmbm/data/augment.py",
        "mmbm/data/synthesis/opacity.py",
        "mmbm/model/image.py",
    },
    "transformers": {"mmbm/model/notes.py"},
    "av": {"mmbm/io"},
    "imagecodecs": {"mmbm/io", "mmbm/data/synthesis/generate.py"},
    "pydicom": {
        "mmbm/io",
        "mmbm/data/synthesis/generate.py",
        "mmbm/data/sources/rsna.py",
        "mmbm/data/sources/siim.py",
    },
    "streamlit": {"dashboard"},
    "plotly": {"dashboard"},
}


def modules() -> list[Path]:
    return sorted([*(ROOT / "mmbm").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")])


def imported(path: Path) -> set[str]:
    """Every dotted name that a file imports, at any depth."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(path: Path) -> str:
    return path.relative_to(ROOT / "mmbm").with_suffix("").parts[0]


def test_every_room_is_known() -> None:
    found = {room(p) for p in (ROOT / "mmbm").rglob("*.py")} - {"__init__", "__main__"}
    assert found == set(MAY_IMPORT)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_arrows(path: Path) -> None:
    names = imported(path)
    where = path.relative_to(ROOT).as_posix()
    for package, places in ONLY_IN.items():
        if any(name.split(".")[0] == package for name in names):
            assert any(where.startswith(place) for place in places), f"{where} imports {package}"
    if where.startswith("dashboard"):
        return
    assert not any(name.startswith("dashboard") for name in names)
    mine = room(path)
    if mine in {"__init__", "__main__"}:
        return
    for name in names:
        parts = name.split(".")
        if parts[0] == "mmbm" and len(parts) > 1 and parts[1] in MAY_IMPORT:
            assert parts[1] == mine or parts[1] in MAY_IMPORT[mine], f"{where} imports {name}"


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, mmbm.cli; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "captum", "timm", "pandas", "streamlit"} & set(done.stdout.split())


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_unsafe_loading_and_no_network(path: Path) -> None:
    names = imported(path)
    banned = {"pickle", "requests", "httpx", "urllib.request", "socket", "ftplib"}
    assert not {n for n in names if n in banned or n.split(".")[0] in banned}
