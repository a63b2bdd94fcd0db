"""Manifests to be scored: small cases without labels, some of them unusable."""

from __future__ import annotations

import csv
from pathlib import Path

from mmbm.data.manifest import further_columns
from mmbm.model import checkpoint
from mmbm.scale import Options
from mmbm.scale.rows import index_of
from mmbm.scale.shards import Shards, shards_of
from tests.made_cases import NOTES, write_manifest

BAD = {  # by case: what its row holds beside its name, and the code of its refusal
    "no-file": ({"image": "absent.png"}, "manifest.cell"),
    "damaged": ({"image": "damaged.png"}, "io.image.cut_short"),
    "no-part": ({}, "manifest.cell"),
    "two-notes": ({"notes": "note.txt", "notes_text": "Cough."}, "manifest.cell"),
    "": ({"notes_text": "Cough."}, "manifest.cell"),
    "case0": ({"notes_text": "Cough."}, "manifest.cell"),  # a name that another row has
}
COLUMNS = ("case_id", "image", "notes", "audio", "notes_text", "arm")


def write_archive(folder: Path, count: int = 20) -> Path:
    """A manifest of ``count`` good rows of all kinds and, among them, all of ``BAD``."""
    labelled = write_manifest(folder, count)
    with labelled.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    (folder / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "note.txt").write_text(NOTES[1][0], encoding="utf-8")
    for i, row in enumerate(rows):
        row["arm"] = "ab"[i % 2]
        if i % 4 == 1:
            row["image"] = ""
        if i % 4 == 2:
            row["notes"], row["notes_text"] = "note.txt", ""
        if i % 4 == 3:
            row["notes_text"] = row["audio"] = ""
    bad = [{"case_id": name, "arm": "c", **cells} for name, (cells, _) in BAD.items()]
    every = len(rows) // len(bad)
    for i, row in enumerate(bad):
        rows.insert((i + 1) * every + i, row)
    path = folder / "archive.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def begun(archive: Path, options: Options, out: Path) -> Shards:
    """The folder of a run that scores it, begun or gone on with."""
    index = index_of(str(archive), options.shard_rows, further_columns())
    return shards_of(index, checkpoint.read(options.model), options, str(out))
