"""The rooms and the arrows between them: who may import whom."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

from mmbm.case import MODALITIES

ROOT = Path(__file__).parents[1]

# each room with the rooms that it imports; not one arrow more
MAY_IMPORT = {
    "errors": set(),
    "findings": set(),
    "patient": set(),
    "reading": set(),
    "readers": {"reading"},
    "text": set(),  # below all: every room may import it
    "config": {"errors"},
    "device": {"errors"},
    "storage": {"errors"},
    "case": {"patient"},
    "branches": {"case", "config", "errors", "storage"},
    "io": {"case", "config", "errors", "patient"},
    "privacy": {"case", "config", "errors", "io"},
    "record": {"case", "errors", "storage"},
    "model": {"branches", "config", "errors", "storage"},
    "data": {"branches", "case", "errors", "io", "model", "record"},
    "predict": {"branches", "case", "device", "errors", "model", "record"},
    "card": {"branches", "config", "data", "errors", "findings", "model", "record", "storage"},
    "explain": {"branches", "case", "device", "errors", "model", "predict", "storage"},
    "trust": {"branches", "case", "errors", "model", "predict"},
    "analysis": {"branches", "case", "explain", "predict", "record", "trust"},
    "evaluate": {
        "branches", "case", "data", "device", "errors", "explain", "io", "model",
        "predict", "record", "storage", "trust",
    },
    "report": {
        "analysis", "branches", "case", "errors", "explain", "findings", "patient", "privacy",
        "reading", "storage", "trust",
    },
    "store": {
        "analysis", "branches", "case", "data", "errors", "io", "predict", "privacy", "readers",
        "reading", "record", "report", "storage",
    },
    "archive": {
        "analysis", "case", "config", "errors", "io", "patient", "predict", "privacy", "report",
        "storage", "store",
    },
    "dictation": {"case", "errors"},
    "export": {
        "branches", "case", "errors", "model", "predict", "record", "storage",
    },
    "serve": {
        "analysis", "branches", "case", "config", "errors", "findings", "io", "model", "predict",
        "report",
    },
    "cohort": {"errors", "storage"},
    "cost": {"analysis", "case", "device", "io", "predict", "storage"},
    "compare": {"cohort", "errors", "evaluate", "record"},
    "train": {
        "branches", "card", "config", "data", "device", "errors", "evaluate", "io", "model",
        "record", "storage", "trust",
    },
    "scale": {
        "analysis", "branches", "case", "config", "data", "device", "errors", "explain", "io",
        "model", "predict", "record", "storage", "trust",
    },
    "dashboard": {
        "analysis", "archive", "branches", "card", "case", "data", "dictation", "errors", "explain",
        "findings", "io", "model", "predict", "privacy", "readers", "reading", "record", "report",
        "serve", "storage", "store", "trust", "cohort", "compare", "cost",
    },
    "new": {"branches", "data", "device", "errors", "model", "train"},
    "cli": {
        "analysis", "archive", "card", "case", "cohort", "compare", "cost", "data",
        "dictation", "errors", "evaluate", "export", "findings", "io", "model", "new", "predict",
        "record", "report", "scale", "serve", "storage", "store", "train",
    },
}  # fmt: skip

# third-party packages that stand in one place only
ONLY_IN = {
    "captum": {"mmbm/explain/attribution/"},
    "timm": {"mmbm/branches/image/"},
    "torchvision": {
        "mmbm/data/augmentation/spoil.py",
        "mmbm/data/synthesis/opacity.py",
        "mmbm/branches/image/",
    },
    "transformers": {"mmbm/branches/from_folder.py"},
    "av": {"mmbm/io"},
    "imagecodecs": {"mmbm/io", "mmbm/data/synthesis/generate.py"},
    "pydicom": {
        "mmbm/archive/",
        "mmbm/io",
        "mmbm/privacy/",
        "mmbm/report/dicom/",
        "mmbm/report/exports.py",
        "mmbm/data/synthesis/generate.py",
        "mmbm/data/sources/rsna.py",
        "mmbm/data/sources/siim.py",
    },
    "dicomanonymizer": {"mmbm/privacy/"},
    "english_words": {"mmbm/privacy/"},
    "sqlalchemy": {"mmbm/store/"},
    "alembic": {"mmbm/store/"},
    "pynetdicom": {"mmbm/archive/"},
    "dicomweb_client": {"mmbm/archive/"},
    "requests": {"mmbm/archive/web.py"},
    "highdicom": {"mmbm/report/dicom/"},
    "fpdf": {"mmbm/report/pdf/"},
    "fontTools": {"mmbm/report/pdf/"},
    "fhir": {"mmbm/report/fhir/"},
    "streamlit": {"dashboard"},
    "plotly": {"dashboard"},
    "fsspec": {"mmbm/scale/places.py"},
    "pyarrow": {"mmbm/cohort/table.py", "mmbm/scale/"},
    "ray": {"mmbm/scale/cluster.py"},
    "starlette": {"dashboard", "mmbm/serve/"},
    "uvicorn": {"mmbm/serve/"},
    "statsmodels": {"mmbm/cohort/"},
    "matplotlib": {"mmbm/cohort/"},
    "faster_whisper": {"mmbm/dictation/"},
    "onnx": {"mmbm/export/"},
    "onnxscript": {"mmbm/export/"},
    "onnxruntime": {"mmbm/export/"},
}

WORD_LISTS = {"mmbm/data/synthesis/phrases_en.py"}


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
    """The first folder or file below ``mmbm``; "dashboard"; "mmbm" for the public face."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[0] == "dashboard":
        return "dashboard"
    return "mmbm" if parts[1] in {"__init__", "__main__"} else parts[1]


def arrows(path: Path) -> set[str]:
    """The rooms that a file imports, but for the words, which stand below all."""
    parts = [name.split(".") for name in imported(path) if "." in name]
    found = {part[1] for part in parts if part[0] == "mmbm"}
    found |= {"dashboard" for part in parts if part[0] == "dashboard"}
    return found & set(MAY_IMPORT) - {room(path), "text"}


@pytest.mark.parametrize("mine", sorted(MAY_IMPORT))
def test_a_room_imports_what_the_arrows_say(mine: str) -> None:
    found = {arrow: p for p in modules() if room(p) == mine for arrow in arrows(p)}
    wrong = {arrow: found.get(arrow) for arrow in set(found) ^ MAY_IMPORT[mine]}
    assert not wrong  # an arrow that is missing above, or one that nobody needs any more


def test_every_room_is_known_and_none_stands_in_a_circle() -> None:
    assert {room(p) for p in modules()} - {"mmbm"} == set(MAY_IMPORT)
    graphlib.TopologicalSorter(MAY_IMPORT).prepare()


# what asks a branch about its modality, and so names none
ASK = ("mmbm/model/", "mmbm/predict/", "mmbm/explain/", "mmbm/trust/", "mmbm/analysis.py",
       "mmbm/report/of_case.py", "mmbm/train/", "mmbm/export/")  # fmt: skip


def named(path: Path) -> list[str]:
    """The modalities that a file's code names: identifiers and texts, no comment or docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    words = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in told:
            words.append(node.value)
        for field in ("id", "attr", "arg", "name", "asname", "module"):
            words.append(getattr(node, field, None))
    return [word for word in words if word in MODALITIES]


def test_what_asks_a_branch_names_no_modality() -> None:
    asking = [p for p in modules() if p.relative_to(ROOT).as_posix().startswith(ASK)]
    assert len(asking) > 50
    assert {str(p.relative_to(ROOT)): words for p in asking if (words := named(p))} == {}


def test_a_modality_that_is_named_is_found(tmp_path: Path) -> None:
    source = '"""image"""\nx = f(audio=y.image) + g["notes"] + ("images",)  # audio\n"notes"\n'
    (tmp_path / "a.py").write_text(source, encoding="utf-8")
    assert sorted(named(tmp_path / "a.py")) == ["audio", "image", "notes"]


def below(top: str) -> set[str]:
    """A room with all that it imports, and what that imports."""
    return {top}.union(*(below(lower) for lower in MAY_IMPORT[top]))


def test_reading_and_the_branches_know_nothing_of_each_other() -> None:
    assert "io" not in below("branches") and "branches" not in below("io")


def test_what_serves_a_case_is_free_of_what_teaches_and_tabulates() -> None:
    serving = below("analysis")
    assert not serving & {"data", "train", "evaluate", "card"}
    for path in modules():
        if room(path) in serving:
            packages = {name.split(".")[0] for name in imported(path)}
            assert not packages & {"pandas", "sklearn", "streamlit"}, path


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_package_stands_in_its_place(path: Path) -> None:
    where = path.relative_to(ROOT).as_posix()
    packages = {name.split(".")[0] for name in imported(path)}
    for package, places in ONLY_IN.items():
        assert package not in packages or where.startswith(tuple(places)), package


def test_a_file_is_one_idea() -> None:
    """Of 300 lines at most; lists of words may be longer."""
    lines = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in modules()
    }
    assert {where for where, count in lines.items() if count > 300} == WORD_LISTS


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, mmbm.cli; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "captum", "timm", "pandas", "streamlit", "sqlalchemy", "pyarrow", "ray"}
    assert not heavy & set(done.stdout.split())


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_unsafe_loading_and_no_network(path: Path) -> None:
    names = imported(path)
    banned = {"pickle", "requests", "httpx", "urllib.request", "socket", "ftplib"}
    if room(path) == "archive":  # the one room with connections: to the archive that was named
        banned -= {"requests", "socket"}
    assert not {n for n in names if n in banned or n.split(".")[0] in banned}
