"""SIIM-FISABIO-RSNA COVID-19 (Lakhani et al. 2022): adults' films read by a panel of radiologists.

They boxed every airspace opacity and named its appearance. "Negative for Pneumonia" is not
"normal", so *no finding* is known only where an opacity was seen, and is 0 there. Films of the copy
were squashed to squares by its source; so does the model's preparation, and boxes are fractions, so
nothing is lost by it. For research and teaching only, no commercial use.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pandas as pd

from mmbm.data.located import Box, read_boxes, written
from mmbm.data.sources.layout import files_by_name, find, layout, present, read_table
from mmbm.data.sources.rows import recipe_rows
from mmbm.data.sources.splits import Split, drop_duplicates, split_by_patient
from mmbm.errors import ManifestError
from mmbm.text import sentence

__all__ = ["FOLDER", "LAYOUT", "read"]

FOLDER = "images/siim_covid19_256"
LAYOUT = "siim"
SHARES: dict[Split, float] = {"train": 0.75, "val": 0.10, "test": 0.15}  # of 2,600 patients
APPEARANCES = ("typical", "indeterminate", "atypical")
NEGATIVE = "negative"


def read(folder: Path) -> pd.DataFrame:
    """Read the set as published, or a copy listed in a ``metadata.csv``.

    Pneumonia is an airspace opacity of any appearance. Raises ManifestError.
    """
    listed = _copy(folder) if (folder / "metadata.csv").is_file() else _published(folder)
    look = listed["finding"].str.split().str[0].str.lower()
    if odd := sorted({str(name) for name in look} - {NEGATIVE, *APPEARANCES}):
        raise ManifestError(
            sentence("source.unknown_class", file="SIIM", name=odd[0], expected=layout(LAYOUT))
        )
    opaque = look != NEGATIVE
    columns = {
        "patient_id": listed["patient_id"],
        "image": listed["path"],
        "boxes": listed["boxes"],
        "pneumonia": opaque.astype("Int64"),
        "no_finding": pd.Series(0, listed.index, dtype="Int64").where(opaque),
        **{name: (look == name).astype("Int64") for name in APPEARANCES},
    }
    return split_by_patient(drop_duplicates(recipe_rows("siim", columns)), SHARES)


def _copy(folder: Path) -> pd.DataFrame:
    listed = read_table(
        folder / "metadata.csv", ("image_path", "patient_id", "finding", "opacity", "boxes")
    )
    listed = present(listed, [folder / p for p in listed["image_path"]], LAYOUT)
    try:
        boxes = [written(read_boxes(cell)) for cell in listed["boxes"]]
    except ValueError as exc:
        raise ManifestError(
            sentence("source.boxes", file="metadata.csv", reason=exc.args[0])
        ) from exc
    return listed.assign(boxes=boxes)


def _published(folder: Path) -> pd.DataFrame:
    """One row a film; its study's reading, and its boxes brought from pixels to fractions."""
    names = {
        "Negative for Pneumonia": NEGATIVE,
        **{f"{name.capitalize()} Appearance": name for name in APPEARANCES},
    }
    studies = read_table(find(folder, "train_study_level.csv", expected=LAYOUT), ("id", *names))
    films = read_table(
        find(folder, "train_image_level.csv", expected=LAYOUT), ("id", "boxes", "StudyInstanceUID")
    )
    said = studies[list(names)] == "1"
    studies = studies.assign(
        study=studies["id"].str.removesuffix("_study"),
        finding=[names[str(column)] for column in said.idxmax(axis=1)],
    )[said.sum(axis=1) == 1]
    films = films.assign(film=films["id"].str.removesuffix("_image"))
    listed = films.merge(
        studies[["study", "finding"]], left_on="StudyInstanceUID", right_on="study"
    )
    paths = files_by_name(find(folder, "train", expected=LAYOUT), (".dcm",))
    listed = present(listed, [paths.get(f"{name}.dcm") for name in listed["film"]], LAYOUT)
    about = [_header(Path(path)) for path in listed["path"]]
    return listed.assign(
        patient_id=[f"siim_{person}" for person, _, _ in about],
        boxes=[
            _fractions(cell, rows, columns)
            for cell, (_, rows, columns) in zip(listed["boxes"], about, strict=True)
        ],
    )


def _header(path: Path) -> tuple[str, int, int]:
    """A film's patient, rows and columns."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        header = dcmread(path, specific_tags=["PatientID", "Rows", "Columns"])
        return str(header.PatientID), int(header.Rows), int(header.Columns)
    except (OSError, InvalidDicomError, AttributeError, TypeError, ValueError) as exc:
        raise ManifestError(
            sentence("source.not_dicom", file=path.name, expected=layout(LAYOUT))
        ) from exc


def _fractions(cell: str, rows: int, columns: int) -> str:
    """``[{'x': …, 'y': …, 'width': …, 'height': …}]`` in pixels, as a manifest's boxes."""
    try:
        boxes = [
            Box(
                max(float(b["x"]) / columns, 0.0),
                max(float(b["y"]) / rows, 0.0),
                min((float(b["x"]) + float(b["width"])) / columns, 1.0),
                min((float(b["y"]) + float(b["height"])) / rows, 1.0),
            )
            for b in (ast.literal_eval(cell) if cell else ())
        ]
        return written(read_boxes(written(boxes)))
    except (ValueError, SyntaxError, KeyError, TypeError) as exc:
        raise ManifestError(sentence("source.cell", cell=cell[:60])) from exc
