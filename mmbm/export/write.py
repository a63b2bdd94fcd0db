"""Write a model's ONNX file, its ``torch.export`` program and what says how to call them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from mmbm.errors import ConfigError, ModelError
from mmbm.export.check import differences, in_onnxruntime, in_torch
from mmbm.export.described import described
from mmbm.export.program import OUTPUTS, PRESENT, Program, flat, inputs_of, trial_of
from mmbm.model import checkpoint
from mmbm.model.config import ModelConfig
from mmbm.storage.disk import UNFINISHED
from mmbm.text import sentence

__all__ = ["TOLERANCE", "Format", "Written", "export_model"]

Format = Literal["onnx", "torch"]
FILES: dict[Format, str] = {"onnx": "model.onnx", "torch": "model.pt2"}
OWN = {*FILES.values(), "model.onnx.data"}  # names of files that an export may have
CALLS = "export.json"
RUN = {"onnx": in_onnxruntime, "torch": in_torch}
TOLERANCE = 1e-4  # of every output
ONE_FILE = 2**31 - 2**24  # bytes that an ONNX file can hold; weights of more lie beside it
FAILS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """What an export wrote."""

    files: tuple[Path, ...]
    subsets: int  # of the parts, that were compared
    worst: dict[Format, float]  # the largest difference of an output from the model's


def export_model(
    model: str | Path, out: Path, formats: Sequence[Format] = ("onnx", "torch")
) -> Written:
    """Export a model by name or folder. Files lie in ``out`` only after they said what it says.

    What an earlier export left there, by its ``export.json``, goes where this one has no such file.

    Raises
    ------
    ModelError
        No such model; a branch that cannot be exported; files that say anything else.
    ConfigError
        The extra ``export`` is not installed, or ``out`` cannot be written to.
    """
    if "onnx" in formats:
        _need_onnx()
    loaded = checkpoint.read(model)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=out) as made:
            folder = Path(made)
            with _refused(loaded.identity.name):
                program = _traced(loaded)
                if "torch" in formats:
                    torch.export.save(program, folder / FILES["torch"])
                if "onnx" in formats:
                    _write_onnx(program, loaded, folder / FILES["onnx"])
                found = {
                    name: differences(loaded, RUN[name](folder / FILES[name])) for name in formats
                }
            worst = {name: max(far for _, far in apart) for name, apart in found.items()}
            for name, far in worst.items():
                if not far <= TOLERANCE:
                    raise ModelError(sentence("export.differs", file=FILES[name], far=far))
            subsets = len({subset for subset, _ in found[formats[0]]})
            calls = described(loaded, {f.name: f for f in folder.iterdir()}, worst, subsets)
            (folder / CALLS).write_text(json.dumps(calls, indent=2) + "\n", encoding="utf-8")
            for name in _earlier(out) - calls["files"].keys():
                (out / name).unlink(missing_ok=True)
            ready = sorted(folder.iterdir(), key=lambda file: (file.name == CALLS, file.name))
            files = tuple(file.replace(out / file.name) for file in ready)
    except OSError as exc:
        raise ConfigError(sentence("export.folder", folder=out.name)) from exc
    return Written(files, subsets, worst)


def _earlier(out: Path) -> set[str]:
    """The files that an export in this folder says are its own."""
    try:
        return OWN.intersection(json.loads((out / CALLS).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, LookupError, TypeError):
        return set()


def _need_onnx() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as exc:
        raise ConfigError(sentence("export.extra")) from exc


@contextmanager
def _refused(model: str) -> Iterator[None]:
    """Raises ModelError where torch cannot trace the net or run what it wrote."""
    try:
        yield
    except FAILS as exc:
        raise ModelError(sentence("export.failed", model=model, error=type(exc).__name__)) from exc


@torch.no_grad()
def _traced(loaded: checkpoint.LoadedModel) -> torch.export.ExportedProgram:
    config = loaded.network.config
    parts = trial_of(config, 2, seed=0)
    present = torch.ones(2, len(parts), dtype=torch.bool)
    batch = torch.export.Dim("batch", min=1)
    axes = tuple(
        {0: batch}
        | {
            place: torch.export.Dim(axis, min=given.least)
            for place, axis in enumerate(given.axes, 1)
            if isinstance(axis, str)
        }
        for tensors in inputs_of(config).values()
        for given in tensors
    )
    return torch.export.export(
        Program(loaded.network).eval(),
        (present, *flat(parts)),
        dynamic_shapes={PRESENT: {0: batch}, "tensors": axes},
        prefer_deferred_runtime_asserts_over_guards=True,
    )


def _write_onnx(
    program: torch.export.ExportedProgram, loaded: checkpoint.LoadedModel, path: Path
) -> None:
    config = loaded.network.config
    shapes = shapes_of(config)
    made: Any = torch.onnx.export(
        program,
        dynamo=True,
        verbose=False,
        optimize=False,  # its rules take what is added for zero where it is below 1e-8
        input_names=list(shapes),
        output_names=list(OUTPUTS),
    )
    for value, axes in zip(made.model.graph.inputs, shapes.values(), strict=True):
        value.shape = type(value.shape)(axes)
    for value in made.model.graph.outputs:
        value.shape = type(value.shape)(["batch", *list(value.shape)[1:]])
    identity = loaded.identity
    made.model.metadata_props.update(
        {"model": f"{identity.name} {identity.version}", "sha256": identity.sha256}
    )
    made.model.doc_string = str(sentence("report.notice"))
    size = sum(tensor.nbytes for tensor in program.state_dict.values())
    made.save(path, external_data=size > ONE_FILE)


def shapes_of(config: ModelConfig) -> dict[str, list[int | str]]:
    """The shape of each input by its name, a word for an axis of any length."""
    shapes: dict[str, list[int | str]] = {PRESENT: ["batch", len(config.modalities)]}
    for tensors in inputs_of(config).values():
        shapes |= {given.name: ["batch", *given.axes] for given in tensors}
    return shapes
