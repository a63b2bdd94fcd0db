"""The last steps of a model folder: its record, where there are cases to test it on, and card."""

from __future__ import annotations

from pathlib import Path

from mmbm.card import write_card
from mmbm.data.corpus import Progress
from mmbm.data.manifest import Manifest
from mmbm.evaluate.run import run_evaluation
from mmbm.record import store_record

__all__ = ["record_and_card"]


def record_and_card(
    folder: Path, manifest: Manifest, path: Path, *, device: str, reading: Progress
) -> None:
    """Evaluate the model on the manifest's test rows, if it has some, and write its card."""
    if (manifest.rows["split"] == "test").any():
        store_record(run_evaluation(path, folder, device=device, reading=reading), folder)
    write_card(folder)
